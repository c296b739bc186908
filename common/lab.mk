# lab.mk: how one lab builds. The lab's Makefile says LAB := NN-topic and
# includes this file; both work from the top folder and from the lab's own.
#
#   make             the lab's examples and exercises, into build/NN-topic/
#   make examples    only the examples
#   make clean       removes what was built of this lab
#
# A program is one .c file and common/lab.c. A larger one is a folder with a
# main.c, of which all .c files are linked together. A lab whose programs need a
# library adds it in its Makefile: LDLIBS += -lsystemd; a program that is one file
# more for such a folder says so: with_ex1_add := NAME.

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
folders := $(patsubst $(SRC)/%/main.c,%,$(wildcard $(SRC)/*/main.c))
examples := $(filter-out ex1_% ex2_% ex3_% ex4_% ex5_%,$(sources:.c=)) $(folders)
exercises := $(filter-out $(examples),$(sources:.c=))
# What isn't C of an exercise: unit files, texts. Copies that were kept have a
# second point in their names.
others := $(foreach file,$(filter-out $(sources),$(notdir $(wildcard $(SRC)/ex[1-5]_*.*))),\
    $(if $(filter 2,$(words $(subst ., ,$(file)))),$(file)))

# The objects of the folder NAME, wherever the programs themselves go.
objects := $(top)/$(BUILD)/$(LAB)/objects
objects_of = $(if $1,$(patsubst $(top)/labs/$(LAB)/%.c,$(objects)/%.o,$(wildcard $(top)/labs/$(LAB)/$1/*.c)))

all: examples exercises
examples: $(examples:%=$(OUT)/%)
	@:
exercises: $(exercises:%=$(OUT)/%) $(others:%=$(OUT)/%)
	@:

.SECONDEXPANSION:
$(OUT)/%: $(SRC)/%.c $(helpers) $(top)/common/lab.mk $$(call objects_of,$$(with_$$*))
	@mkdir -p $(OUT)
	$(call show,$(notdir $(OUT))/$*)$(compile) -MMD -MP -o $@ $< $(call objects_of,$(with_$*)) $(helpers) $(LDFLAGS) $(LDLIBS)

$(folders:%=$(OUT)/%): $(OUT)/%: $(helpers) $(top)/common/lab.mk $$(call objects_of,$$*)
	@mkdir -p $(OUT)
	$(call show,$(notdir $(OUT))/$*)$(compile) -o $@ $(call objects_of,$*) $(helpers) $(LDFLAGS) $(LDLIBS)

$(objects)/%.o: $(top)/labs/$(LAB)/%.c $(top)/common/lab.mk
	@mkdir -p $(@D)
	$(call show,$(LAB)/$*.o)$(compile) -MMD -MP -c -o $@ $<

.PRECIOUS: $(objects)/%.o

$(others:%=$(OUT)/%): $(OUT)/%: $(SRC)/% FORCE
	@mkdir -p $(OUT)
	@cp $< $@

$(helpers): $(top)/common/lab.c $(top)/common/lab.h $(top)/common/lab.mk
	@mkdir -p $(@D)
	$(call show,common/lab.o)$(compile) -c -o $@ $<

clean:
	rm -rf $(OUT) $(objects)

.PHONY: all examples exercises clean FORCE
.DELETE_ON_ERROR:
-include $(wildcard $(OUT)/*.d $(objects)/*/*.d)
