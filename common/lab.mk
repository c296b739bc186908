# lab.mk: how one lab builds. The lab's Makefile says LAB := NN-topic and
# includes this file; both work from the top folder and from the lab's own.
#
#   make             the lab's examples and exercises, into build/NN-topic/
#   make examples    only the examples
#   make clean       removes what was built of this lab
#
# A program is one .c file and common/lab.c. A lab whose programs need a
# library adds it in its Makefile: LDLIBS += -lsystemd.

all: # the default target, whatever the included file has
top := ../..
include $(top)/common/variant.mk

# SRC and OUT can be set to build the same lab's programs from elsewhere: the
# solutions, say, or a student's files.
SRC ?= .
OUT ?= $(top)/$(BUILD)/$(LAB)

CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion \
    -Wstrict-prototypes -Wmissing-prototypes -Wvla
# Some distributions set _FORTIFY_SOURCE themselves: take theirs back first.
# The sanitizers check the same and more, and the two don't mix.
FORTIFY := -U_FORTIFY_SOURCE $(if $(SAN),,-D_FORTIFY_SOURCE=2)
SANITIZE := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer)
compile = $(CC) -std=gnu17 -D_GNU_SOURCE -I$(top)/common -I$(top)/labs/$(LAB) $(CFLAGS) $(WARNINGS) \
    $(FORTIFY) $(SANITIZE) -pthread

# V=1 shows whole commands.
show = $(if $(V),,@echo "  $(CC) $1$(if $(SAN), ($(SAN)))" && )

helpers := $(top)/$(BUILD)/common/lab.o
sources := $(notdir $(wildcard $(SRC)/*.c))
examples := $(filter-out ex1_% ex2_% ex3_% ex4_% ex5_%,$(sources:.c=))
exercises := $(filter-out $(examples),$(sources:.c=))
# What isn't C of an exercise: unit files, texts. Copies that were kept have a
# second point in their names.
others := $(foreach file,$(filter-out $(sources),$(notdir $(wildcard $(SRC)/ex[1-5]_*.*))),\
    $(if $(filter 2,$(words $(subst ., ,$(file)))),$(file)))

all: examples exercises
examples: $(examples:%=$(OUT)/%)
	@:
exercises: $(exercises:%=$(OUT)/%) $(others:%=$(OUT)/%)
	@:

$(OUT)/%: $(SRC)/%.c $(helpers) $(top)/common/lab.mk
	@mkdir -p $(OUT)
	$(call show,$(LAB)/$*)$(compile) -MMD -MP -o $@ $< $(helpers) $(LDFLAGS) $(LDLIBS)

$(others:%=$(OUT)/%): $(OUT)/%: $(SRC)/% FORCE
	@mkdir -p $(OUT)
	@cp $< $@

$(helpers): $(top)/common/lab.c $(top)/common/lab.h $(top)/common/lab.mk
	@mkdir -p $(@D)
	$(call show,common/lab.o)$(compile) -c -o $@ $<

clean:
	rm -rf $(OUT)

.PHONY: all examples exercises clean FORCE
.DELETE_ON_ERROR:
-include $(wildcard $(OUT)/*.d)
