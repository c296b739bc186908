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

ifdef JOBS
ifneq ($(shell echo '$(JOBS)' | grep -cxE '[1-9][0-9]*( [1-9][0-9]*)*'),1)
$(error JOBS=$(JOBS): not a number from 1 up)
endif
endif

# EX=07/1 or EX=07-pipes/ex1_pipeline: only that exercise.
ifdef EX
ex_lab := $(firstword $(subst /, ,$(EX)))
ex_name := $(word 2,$(subst /, ,$(EX)))
# An exercise's files, exN_name.EXT, have its name before the first point.
names_of = $(sort $(foreach file,$(wildcard $(1)),$(firstword $(subst ., ,$(file:labs/%=%)))))
exercise := $(call names_of,labs/$(ex_lab)-*/ex$(ex_name)_*.* labs/$(ex_lab)/$(ex_name).*)
ifneq ($(words $(exercise)),1)
$(error EX=$(EX): no such exercise; there are $(call names_of,labs/*/ex[0-9]_*.*))
endif
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

deps: ## install what is missing (FOR=grade: for grading, FOR=all: for everything)
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

install-units: examples ## put a lab's systemd units where your manager looks: LAB=14 (USER_UNITS=dir)
	@tools/install-units $(call required,LAB,$(if $(LAB),$(labs)))

uninstall-units: ## take them away again: LAB=14 (USER_UNITS=dir)
	@tools/install-units -r $(call required,LAB,$(if $(LAB),$(labs)))

##@ For instructors

gates: $(test_tools) ## stubs score 0, solutions all, wrong programs fail (LAB=, N=, EVERY=, ONLY=)
	@$(call need,bats patch parallel)tools/gates -n $(or $(N),1) -s $(or $(EVERY),1) $(if $(ONLY),-o '$(ONLY)') $(or $(exercise),$(labs))

grade: $(test_tools) ## grade SUBMISSION=dir into OUT=dir (LAB=, EX=, SEED=, HIDDEN=, POLICY=)
	@$(call need,bats jq)tools/grade -j $(or $(JOBS),$(shell nproc)) $(if $(SEED),-S $(SEED)) $(upload_options) \
	    $(call required,SUBMISSION,$(SUBMISSION)) $(call required,OUT,$(OUT)) $(or $(exercise),$(labs))

gradescope: ## the upload for Gradescope, in build/ (LAB=, HIDDEN=folder, POLICY=file)
	@$(call need,git zip)tools/upload $(upload_options) gradescope $(labs)

autolab: ## the upload for Autolab, in build/ (LAB=, HIDDEN=folder, POLICY=file)
	@$(call need,git)tools/upload $(upload_options) autolab $(labs)

upload_options = $(if $(HIDDEN),-t $(HIDDEN)) $(if $(POLICY),-c $(POLICY))

grade-class: grading-tools ## grade a class: SUBMISSIONS=dir OUT=dir (JOBS=n, HOSTS=file, RESUME=1, LAB=, EX=)
	@$(call need,bats jq parallel)tools/grade-class $(if $(JOBS),-j $(JOBS)) $(if $(HOSTS),-H $(HOSTS)) $(if $(RESUME),-r) \
	    $(if $(GRADE),-g '$(GRADE)') $(call required,SUBMISSIONS,$(SUBMISSIONS)) $(call required,OUT,$(OUT)) \
	    $(if $(LAB)$(EX),$(or $(exercise),$(labs)))

grade-truth: grading-tools ## grade N=100 submissions whose grades are known, and compare (JOBS=, SEED=, BUSY=1)
	@$(call need,bats jq parallel)tools/grade-truth -n $(or $(N),100) $(if $(SEED),-S $(SEED)) $(foreach n,$(JOBS),-j $(n)) $(if $(BUSY),-b) $(if $(LAB)$(EX),$(or $(exercise),$(labs)))

bench-grade: grading-tools ## what the sandbox and more jobs cost or save: ratios, memory (N=50)
	@$(call need,bats jq parallel)tools/bench-grade $(or $(N),50)

hostile: grading-tools ## grade the programs that attack the grader; with U=1 without namespaces, as root
	@$(call need,bats jq parallel)tools/hostile $(if $(U),-u)

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

bench-ipc: examples ## lab 15's ipcbench beside perf, sockperf, qperf, iperf3 (ONLY='TCP.*two': those)
	@tools/bench-peers $(if $(ONLY),-o '$(ONLY)')

bench-plots: ## draw the CSV of ipcbench, as SVG: CSV=FILE
	@$(call need,gnuplot)tools/plot-ipc $(call required,CSV,$(CSV))

figures: examples ## measure anew for lab 15's page, for some minutes (QUICK=1: some seconds)
	@tools/figures $(if $(QUICK),-q,-m)

verdicts: examples ## measure the notes' claims for the site, for some minutes (QUICK=1: some seconds)
	@tools/figures -s $(if $(QUICK),-q)

fuzz-net: $(test_tools) ## random bytes to lab 13's servers for SECONDS=60, with sanitizers
	@tools/fuzz-net $(or $(SECONDS),60)

lint: ## clang-format, cppcheck, shellcheck, shfmt, what handlers call
	@$(call need,gcc clang-format cppcheck shellcheck shfmt git)tools/lint

docs: examples build/tools/xray-facts ## the site: build/site/index.html
	@$(call need,pandoc dot)tools/docs

docs-check: docs ## dead links, invalid HTML, stale transcripts and pictures (LAB=07)
	@tools/docs-check $(if $(LAB),$(labs))

docs-browser: docs ## the site in a real browser, with axe
	@tools/docs-browser

docs-shots: docs ## screenshots of the site, into build/docs/shots
	@tools/docs-browser shots

slides: examples ## a deck of slides for each lab, HTML and PDF, in build/slides (LAB=07)
	@$(call need,pandoc dot)tools/slides $(if $(LAB),$(labs))

slides-check: slides ## the slides in a real browser: nothing off or too small (LAB=07)
	@tools/slides-check $(if $(LAB),$(labs))

slides-shots: slides ## a picture of each slide, into build/slides/shots (LAB=07)
	@tools/slides-check -s $(if $(LAB),$(labs))

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

# What grading takes besides the tests themselves.
parts_of = $(if $(wildcard labs/$(1)/$(2)/main.c labs/$(1)/$(2).c),$(MAKE) -s -C labs/$(1) LAB=$(1) ../../$(BUILD)/$(1)/$(2))
grading-tools: $(test_tools)
	@$(call build_lab,$(firstword $(LABS))) -s SRC=../../tests/lib OUT=../../$(BUILD)/lib all
	@$(call parts_of,13-sockets,lossy_proxy)
	@$(call parts_of,15-choosing,ipcbench)

# What the kit's own tests call.
kit: $(test_tools)
	@$(call build_lab,$(firstword $(LABS))) SRC=../../tests/kit OUT=../../$(BUILD)/kit LDLIBS=-lm all

solutions:
	@$(foreach lab,$(labs),$(call build_lab,$(lab)) $(call solutions_of,$(lab)) exercises$(newline))

# What xray's front, a script, calls.
xray_sources := $(wildcard tools/xray.d/*.c) common/lab.c
build/tools/xray-facts: $(xray_sources) tools/xray.d/xray.h tools/xray.d/calls.h common/lab.h
	@mkdir -p $(@D)
	@echo "  cc tools/xray-facts"
	@cc -std=gnu17 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Icommon -o $@ $(xray_sources)

# These run every program under test, and so are built by the plain compiler only.
init_sources := tools/init.c tools/procs.c tools/leftovers.c tools/limits.c common/lab.c
build/tools/init: $(init_sources) tools/procs.h tools/leftovers.h tools/limits.h common/lab.h
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

.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*\#\#.*/\1/p' $(firstword $(MAKEFILE_LIST))) \
    examples solutions kit grading-tools
