// One kernel source is compiled once per instruction set, into the namespace of its name. These
// declare what it offers and choose by a resolved Isa; nothing here may emit code.
#pragma once

#ifdef OVERTONE_X86
#define OVERTONE_DECLARE_VARIANTS(declaration) \
  namespace baseline {                         \
  declaration;                                 \
  }                                            \
  namespace avx2 {                             \
  declaration;                                 \
  }                                            \
  namespace avx512 {                           \
  declaration;                                 \
  }
#define OVERTONE_VARIANT(isa, name)                \
  ((isa) == ::overtone::Isa::avx512 ? avx512::name \
   : (isa) == ::overtone::Isa::avx2 ? avx2::name   \
                                    : baseline::name)
#else
#define OVERTONE_DECLARE_VARIANTS(declaration) \
  namespace baseline {                         \
  declaration;                                 \
  }
#define OVERTONE_VARIANT(isa, name) ((void)(isa), baseline::name)
#endif
