# Headers, library, CMake package, pkg-config file and documents. The programs install themselves (apps/CMakeLists.txt).
include(CMakePackageConfigHelpers)
set(FILIGREE_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/filigree)

install(TARGETS filigree EXPORT filigree)
install(DIRECTORY include/filigree TYPE INCLUDE)
install(FILES README.md CHANGELOG.md LICENSE TYPE DOC)
install(EXPORT filigree FILE filigreeTargets.cmake NAMESPACE filigree:: DESTINATION ${FILIGREE_CMAKE_DIR})
get_target_property(library_type filigree TYPE)
string(COMPARE EQUAL ${library_type} STATIC_LIBRARY FILIGREE_IS_STATIC)
configure_package_config_file(cmake/filigreeConfig.cmake.in filigreeConfig.cmake INSTALL_DESTINATION ${FILIGREE_CMAKE_DIR})
write_basic_package_version_file(filigreeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/filigreeConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/filigreeConfigVersion.cmake
  cmake/FindCompression.cmake
  cmake/RequireParallelHdf5.cmake
  DESTINATION ${FILIGREE_CMAKE_DIR})

# filigree.pc names no MPI: programs are compiled with mpicxx. What the library uses privately is only named where it is
# static and leaves that to its user.
if(FILIGREE_IS_STATIC)
  set(pc_requires "tbb libisal libzstd expat")
  set(pc_libs ${OpenMP_CXX_FLAGS})
  if(HDF5_OPENMPI_FOUND)
    string(APPEND pc_requires " hdf5-openmpi")
  else()
    list(JOIN HDF5_C_LIBRARIES " " hdf5_libraries)
    string(APPEND pc_libs " ${hdf5_libraries}")
  endif()
  if(FILIGREE_USES_LAPACK)
    string(APPEND pc_libs " -llapack -lblas")
  endif()
endif()
file(RELATIVE_PATH pc_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/filigree.pc.in filigree.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/filigree.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
