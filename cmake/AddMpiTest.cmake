# filigree_add_test(name FILES a.cpp ... RANKS 1 2 3 4 [THREADS 1 2] [ISAS portable avx2] [TIMEOUT seconds])
#
# One GoogleTest program from the files, with tests/support/main.cpp; it may include tests/support/*.hpp and the
# library's internal headers (src/). Registered once per number of ranks as name_r1, name_r2, ..., with one thread a rank;
# with THREADS also per number of threads, as name_r2_t2. With ISAS once more on one rank for each instruction set that
# kernels are held to, as name_portable.
set(FILIGREE_MPI_TEST_ENVIRONMENT
  # Open MPI: containers run as root, and may forbid one process to read another's memory; there are more ranks than
  # cores; and unbound, because bound, all concurrent jobs share core 0.
  OMPI_ALLOW_RUN_AS_ROOT=1
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  OMPI_MCA_rmaps_base_oversubscribe=1
  OMPI_MCA_mpi_yield_when_idle=1
  OMPI_MCA_hwloc_base_binding_policy=none
  OMPI_MCA_btl_vader_single_copy_mechanism=none
  # More threads than cores, too: waiting threads that spin keep the others from the cores (20 s where 1 s will do).
  OMP_WAIT_POLICY=passive
  OMP_NUM_THREADS=1)
string(TOUPPER "CMAKE_CXX_FLAGS_${CMAKE_BUILD_TYPE}" flags)
if("${CMAKE_CXX_FLAGS} ${${flags}}" MATCHES "-fsanitize=(address|thread)")
  set(FILIGREE_SANITIZED ON)
  # MPI, HDF5 and oneTBB are not instrumented: what they leak or how they lock is not reported.
  list(APPEND FILIGREE_MPI_TEST_ENVIRONMENT
    ASAN_OPTIONS=fast_unwind_on_malloc=0
    LSAN_OPTIONS=suppressions=${CMAKE_CURRENT_LIST_DIR}/../tests/support/lsan.supp:print_suppressions=0
    TSAN_OPTIONS=ignore_noninstrumented_modules=1)
endif()
set(FILIGREE_TEST_SUPPORT ${CMAKE_CURRENT_LIST_DIR}/../tests)
find_package(GTest REQUIRED)

function(filigree_add_test name)
  cmake_parse_arguments(PARSE_ARGV 1 test "" "TIMEOUT" "FILES;RANKS;THREADS;ISAS")
  if(NOT test_FILES OR NOT test_RANKS OR test_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "filigree_add_test(${name}): needs FILES and RANKS; does not know '${test_UNPARSED_ARGUMENTS}'")
  endif()
  if(FILIGREE_DEEP_TESTS)
    set(test_TIMEOUT 7200)
  elseif(NOT test_TIMEOUT)
    set(test_TIMEOUT 120)
  endif()
  if(NOT TARGET filigree_test_main)  # compiled once
    add_library(filigree_test_main OBJECT ${FILIGREE_TEST_SUPPORT}/support/main.cpp)
    target_include_directories(filigree_test_main PUBLIC ${FILIGREE_TEST_SUPPORT} ${FILIGREE_TEST_SUPPORT}/../src)
    # What the library links privately, because tests may include its internal headers.
    target_link_libraries(filigree_test_main PUBLIC
      filigree::filigree OpenMP::OpenMP_CXX TBB::tbb Eigen3::Eigen GTest::gmock)
    target_compile_definitions(filigree_test_main PUBLIC $<$<BOOL:${FILIGREE_DEEP_TESTS}>:FILIGREE_DEEP_TESTS>)
    filigree_compile_options(filigree_test_main)
  endif()
  add_executable(${name} ${test_FILES})
  target_link_libraries(${name} PRIVATE filigree_test_main)
  filigree_compile_options(${name})

  foreach(ranks IN LISTS test_RANKS)
    if(test_THREADS)
      foreach(threads IN LISTS test_THREADS)
        filigree_register_test(${name}_r${ranks}_t${threads} ${name} ${ranks} ${threads} ${test_TIMEOUT})
      endforeach()
    else()
      filigree_register_test(${name}_r${ranks} ${name} ${ranks} 1 ${test_TIMEOUT})
    endif()
  endforeach()
  foreach(isa IN LISTS test_ISAS)
    filigree_register_test(${name}_${isa} ${name} 1 1 ${test_TIMEOUT} --isa=${isa})
  endforeach()
endfunction()

function(filigree_register_test test program ranks threads timeout)
  math(EXPR processors "${ranks} * ${threads}")
  add_test(NAME ${test}
    COMMAND ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${ranks} ${MPIEXEC_PREFLAGS}
            $<TARGET_FILE:${program}> ${MPIEXEC_POSTFLAGS} --threads=${threads} ${ARGN})
  set_tests_properties(${test} PROPERTIES
    PROCESSORS ${processors} TIMEOUT ${timeout} ENVIRONMENT "${FILIGREE_MPI_TEST_ENVIRONMENT}")
endfunction()
