# filigree_compile_options(target): the warnings and machine flags that every target of the project is built with.
find_program(CCACHE ccache)
mark_as_advanced(CCACHE)
if(CCACHE AND PROJECT_IS_TOP_LEVEL AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  # An object is the same wherever it is built: the folder is in its debug information alone.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

# With ccache they would make every object depend on the folder that it is built in.
if(CMAKE_CXX_COMPILER_LAUNCHER)
  set(FILIGREE_NO_LAUNCHER OFF)
else()
  set(FILIGREE_NO_LAUNCHER ON)
endif()
option(FILIGREE_PRECOMPILED_HEADERS "Parse common headers once; on where there is no ccache" ${FILIGREE_NO_LAUNCHER})
mark_as_advanced(FILIGREE_PRECOMPILED_HEADERS)

function(filigree_compile_options target)
  # No fused multiply-adds of the compiler's choice: the same bits with every instruction set.
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wconversion -Wshadow -ffp-contract=off
    $<$<BOOL:${FILIGREE_WERROR}>:-Werror>
    $<$<BOOL:${FILIGREE_NATIVE}>:-march=native>)
endfunction()
