# The front door: `make help` says what there is. How one lab builds is in
# common/lab.mk; what a target does is in the tool that it calls, in tools/.

.DEFAULT_GOAL := all
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

include common/variant.mk
export BUILD SAN UNDER JOBS

LABS := $(notdir $(patsubst %/,%,$(sort $(wildcard labs/*/))))

# LAB=07 or LAB=07-pipes: only that lab.
ifdef LAB
labs := $(filter $(LAB) $(LAB)-%,$(LABS))
ifneq ($(words $(labs)),1)
$(error LAB=$(LAB): no such lab; there are $(LABS))
endif
else
labs := $(LABS)
endif

# EX=07/1 or EX=07-pipes/ex1_pipeline: only that exercise.
ifdef EX
ex_lab := $(firstword $(subst /, ,$(EX)))
ex_name := $(word 2,$(subst /, ,$(EX)))
exercise := $(wildcard labs/$(ex_lab)-*/ex$(ex_name)_*.c labs/$(ex_lab)/$(ex_name).c)
ifneq ($(words $(exercise)),1)
$(error EX=$(EX): no such exercise; there are $(patsubst labs/%.c,%,$(sort $(wildcard labs/*/ex*_*.c))))
endif
exercise := $(patsubst labs/%.c,%,$(exercise))
endif

# What runs the programs under test, and looks at them.
test_tools := build/tools/init build/tools/hold build/tools/talk build/tools/xray-facts $(BUILD)/tools/unkind.so

build_lab = $(MAKE) -C labs/$(1) LAB=$(1) -j $(or $(JOBS),$(shell nproc))
solutions_of = SRC=../../solutions/$(1) OUT=../../$(BUILD)/solutions/$(1)
define newline


endef

help: ## this list
	@awk -f tools/help.awk $(firstword $(MAKEFILE_LIST))

##@ For students

deps: ## install what is missing (FOR=all: what maintainers need, too)
	@tools/deps $(FOR)

all: $(test_tools) ## build everything into build/ (SAN=, CC=: beside it)
	@$(foreach lab,$(labs),$(call build_lab,$(lab)) all$(newline))

tour: examples ## run every example, with a caption (LAB=07: one lab)
	@tools/tour $(labs)

check: $(test_tools) ## check your exercises (LAB=07, or EX=07/1: one)
	@$(call need,bats)tools/check $(or $(exercise),$(labs))

hint: ## a hint for an exercise: EX=07/1 STEP=1, then 2, then 3
	@tools/hint $(call required,EX,$(exercise)) $(STEP)

unlock: ## fill in TODO 1 to N of an exercise: EX=07/1 TODO=N (keeps a copy)
	@tools/unlock $(call required,EX,$(exercise)) $(call required,TODO,$(TODO))

reset: ## begin an exercise again: EX=07/1 (keeps a copy)
	@tools/unlock $(call required,EX,$(exercise)) 0

xray: all build/tools/xray-facts ## see what a program really does: P='07-pipes/eof_broken -t 1'
	@$(call need,strace)cd $(BUILD) && ../tools/xray show $(call required,P,$(P))

clean-ipc: ## remove queues, shared memory, semaphores that the labs' programs left
	@tools/clean-ipc

##@ For instructors

gates: $(test_tools) ## stubs score 0, solutions all, wrong programs fail (LAB=, N=, EVERY=)
	@$(call need,bats patch parallel)tools/gates -n $(or $(N),1) -s $(or $(EVERY),1) $(or $(exercise),$(labs))

soak: examples solutions kit ## all tests of the labs, on every solution, N=20 times, under load
	@$(call need,bats)tools/soak $(or $(N),20) $(labs)

dist: ## a tarball for students: no solutions, no wrong programs
	@$(call need,git)tools/dist

##@ For maintainers

test: examples solutions kit ## all of the kit's tests (LAB=07, JOBS=n, UNDER=valgrind)
	@$(call need,bats)tools/test $(if $(LAB),$(labs))

stubs: ## make the exercise stubs again from the solutions
	@tools/stubs

transcripts: examples ## make the transcripts in the READMEs again (LAB=07)
	@tools/transcript -u $(labs)

pictures: examples build/tools/xray-facts ## draw the READMEs' pictures again where they aren't current (LAB=07)
	@$(call need,strace dot)tools/pictures $(labs) || tools/pictures -u $(labs)

fuzz: all ## spoil logs for xray for SECONDS=60, with AFL++
	@$(call need,afl-fuzz afl-clang-fast strace)tools/fuzz $(or $(SECONDS),60)

faults: build/tools/init ## make the programs' system calls fail (LAB=07, N=10: every tenth)
	@$(call need,strace parallel)tools/faults -s $(or $(N),1) $(labs)

model: ## check the models of protocols with spin, and that it finds mistakes in them
	@tools/model

bench-ring: examples ## lab 11's ring beside a pipe: ns a message, round trips, ratios
	@tools/bench-ring

bench-net: examples kit ## lab 13's servers beside nginx and socat: requests, bytes, lines a second
	@tools/bench-net

fuzz-net: $(test_tools) ## random bytes to lab 13's servers for SECONDS=60, with sanitizers
	@tools/fuzz-net $(or $(SECONDS),60)

lint: ## clang-format, cppcheck, shellcheck, shfmt, what handlers call
	@$(call need,gcc clang-format cppcheck shellcheck shfmt git)tools/lint

.PHONY: docs docs-check docs-browser docs-shots
docs: examples build/tools/xray-facts ## the site: build/site/index.html
	@$(call need,pandoc dot)tools/docs

docs-check: docs ## dead links, invalid HTML, stale transcripts and pictures (LAB=07)
	@tools/docs-check $(if $(LAB),$(labs))

docs-browser: docs ## the site in a real browser, with axe
	@tools/docs-browser

docs-shots: docs ## screenshots of the site, into build/docs/shots
	@tools/docs-browser shots

timings: ## how long the build and each lab's tests take
	@tools/timings

new-lab: ## begin a lab that passes already: NAME=17-topic
	@tools/new-lab $(call required,NAME,$(NAME))

clean: ## remove everything that was made
	rm -rf build

# $(call need,TOOL...): nothing, or the end, if one isn't there.
need = $(foreach tool,$(1),$(if $(shell command -v $(tool)),,$(error $(tool) is \
    missing: tools/deps all installs it)))
required = $(or $(strip $2),$(error $1= is missing: see make help))

examples: $(test_tools)
	@$(foreach lab,$(labs),$(call build_lab,$(lab)) examples$(newline))

# What the kit's own tests call.
kit: $(test_tools)
	@$(call build_lab,$(firstword $(LABS))) SRC=../../tests/kit OUT=../../$(BUILD)/kit all

solutions:
	@$(foreach lab,$(labs),$(call build_lab,$(lab)) $(call solutions_of,$(lab)) exercises$(newline))

# What xray's front, a script, calls.
xray_sources := $(wildcard tools/xray.d/*.c) common/lab.c
build/tools/xray-facts: $(xray_sources) tools/xray.d/xray.h tools/xray.d/calls.h common/lab.h
	@mkdir -p $(@D)
	@echo "  cc tools/xray-facts"
	@cc -std=gnu17 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Icommon -o $@ $(xray_sources)

# These run every program under test, and so are built by the plain compiler only.
init_sources := tools/init.c tools/procs.c tools/leftovers.c common/lab.c
build/tools/init: $(init_sources) tools/procs.h tools/leftovers.h common/lab.h
	@mkdir -p $(@D)
	@echo "  cc tools/init"
	@cc -std=gnu17 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Icommon -o $@ $(init_sources)

build/tools/hold build/tools/talk: build/tools/%: tools/%.c common/lab.c common/lab.h
	@mkdir -p $(@D)
	@echo "  cc tools/$*"
	@cc -std=gnu17 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Icommon -o $@ $< common/lab.c

# This one becomes part of the program under test: one for each libc.
$(BUILD)/tools/unkind.so: tools/unkind.c
	@mkdir -p $(@D)
	@echo "  $(CC) tools/unkind.so"
	@$(CC) -std=gnu17 -D_GNU_SOURCE -O2 -g -Wall -Wextra -shared -fPIC -fvisibility=hidden -o $@ $<

.PHONY: help deps all tour check xray hint unlock reset gates soak dist test stubs \
    transcripts pictures fuzz fuzz-net faults model bench-ring bench-net lint timings new-lab clean clean-ipc examples solutions kit
