# filigree_compile_options(target): the warnings and machine flags that every target of the project is built with.
find_program(CCACHE ccache)
mark_as_advanced(CCACHE)
if(CCACHE AND PROJECT_IS_TOP_LEVEL AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

function(filigree_compile_options target)
  # No fused multiply-adds of the compiler's choice: the same bits with every instruction set.
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wconversion -Wshadow -ffp-contract=off
    $<$<BOOL:${FILIGREE_WERROR}>:-Werror>
    $<$<BOOL:${FILIGREE_NATIVE}>:-march=native>)
endfunction()
