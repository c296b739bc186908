# variant.mk: which build this is, and where it goes.
#
# The usual build goes to build/. Another compiler (CC=clang) or a sanitizer
# (SAN=address,undefined or SAN=thread) gets a folder of its own in there, so
# that builds stand beside each other and none has to be thrown away.

comma := ,
empty :=
space := $(empty) $(empty)

SAN ?=
ifneq ($(filter-out address undefined leak thread,$(subst $(comma),$(space),$(SAN))),)
$(error SAN=$(SAN): not known here; say SAN=address$(comma)undefined or SAN=thread)
endif
ifneq ($(and $(SAN),$(findstring musl,$(CC))),)
$(error SAN=$(SAN): musl has no sanitizers; leave out SAN, or CC=$(CC))
endif
# make deps must work where there is no compiler yet.
ifneq ($(filter-out deps help clean,$(or $(MAKECMDGOALS),all)),)
ifeq ($(shell command -v $(firstword $(CC))),)
$(error CC=$(CC): no such compiler here; tools/deps installs one, or say CC=gcc or CC=clang)
endif
endif

variant_parts := $(filter-out cc,$(notdir $(firstword $(CC)))) $(subst $(comma),-,$(SAN))
VARIANT ?= $(subst $(space),-,$(strip $(variant_parts)))

# BUILD is relative to the top folder, and never has a space in it.
BUILD := $(if $(VARIANT),build/$(VARIANT),build)
