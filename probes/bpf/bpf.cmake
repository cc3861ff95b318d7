# The BPF program of owner.bpf.c, as a skeleton that is compiled in (VP_BPF).
# Debian: clang, libbpf-dev and bpftool; Ubuntu (from 23.04: libbpf 1.0) has bpftool in linux-tools, and
# what stands in PATH there is a wrapper that wants the running kernel's own.
if(VP_BPF STREQUAL "OFF")
  message(STATUS "BPF: off")
  return()
endif()

pkg_check_modules(BPF IMPORTED_TARGET libbpf>=1.0)
find_program(VP_BPF_CLANG NAMES clang)
file(GLOB VP_BPFTOOLS /usr/lib/linux-tools/*/bpftool
  /usr/lib/linux-tools-*/bpftool)
find_program(VP_BPFTOOL NAMES bpftool PATHS /usr/sbin /sbin)
list(APPEND VP_BPFTOOLS ${VP_BPFTOOL})
set(VP_BPFTOOL_WORKS "")
foreach(tool ${VP_BPFTOOLS})
  execute_process(COMMAND ${tool} version RESULT_VARIABLE failed
    OUTPUT_QUIET ERROR_QUIET)
  if(NOT failed)
    set(VP_BPFTOOL_WORKS ${tool})
    break()
  endif()
endforeach()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
  set(VP_BPF_ARCH x86)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
  set(VP_BPF_ARCH arm64)
endif()
if(NOT (BPF_FOUND AND VP_BPF_CLANG AND VP_BPFTOOL_WORKS AND VP_BPF_ARCH))
  if(VP_BPF STREQUAL "ON")
    message(FATAL_ERROR
      "VP_BPF: clang, bpftool and libbpf are needed, on x86-64 or arm64")
  endif()
  message(STATUS "BPF: built without (clang, bpftool or libbpf is missing)")
  return()
endif()

set(source ${CMAKE_CURRENT_SOURCE_DIR}/probes/bpf/owner.bpf.c)
file(GLOB headers CONFIGURE_DEPENDS
  ${CMAKE_CURRENT_SOURCE_DIR}/probes/bpf/*.h)
set(out ${CMAKE_CURRENT_BINARY_DIR}/bpf)
file(MAKE_DIRECTORY ${out})
# Headers of the architecture (asm/types.h), which -target bpf does not look for.
execute_process(COMMAND ${CMAKE_C_COMPILER} -print-multiarch
  OUTPUT_VARIABLE triple OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT triple)
  set(triple ${CMAKE_SYSTEM_PROCESSOR}-linux-gnu)
endif()
add_custom_command(OUTPUT ${out}/owner_bpf.skel.h
  COMMAND ${VP_BPF_CLANG} -g -O2 -target bpf -mcpu=v3
    -D__TARGET_ARCH_${VP_BPF_ARCH} -I/usr/include/${triple}
    -ffile-prefix-map=${CMAKE_CURRENT_SOURCE_DIR}/= -Wall -Wextra
    -Wno-unused-parameter -Werror -c ${source} -o ${out}/owner.whole.o
  COMMAND ${VP_BPFTOOL_WORKS} gen object ${out}/owner.bpf.o ${out}/owner.whole.o
  COMMAND ${VP_BPFTOOL_WORKS} gen skeleton ${out}/owner.bpf.o name owner_bpf
    > ${out}/owner_bpf.skel.h
  DEPENDS ${source} ${headers}
  VERBATIM)
set_property(SOURCE probes/owner_bpf.c APPEND PROPERTY OBJECT_DEPENDS
  ${out}/owner_bpf.skel.h)
set_property(SOURCE probes/owner_bpf.c APPEND PROPERTY COMPILE_DEFINITIONS
  VP_HAVE_BPF)
set_property(SOURCE probes/owner_bpf.c APPEND PROPERTY INCLUDE_DIRECTORIES
  ${out})
target_link_libraries(vp_core PUBLIC PkgConfig::BPF)
set(VP_HAVE_BPF ON)
message(STATUS "BPF: ${VP_BPF_CLANG}, ${VP_BPFTOOL_WORKS}")
