// The version of these headers; CMake reads it from here.
#pragma once

#define FILIGREE_VERSION_MAJOR 0
#define FILIGREE_VERSION_MINOR 2
#define FILIGREE_VERSION_PATCH 0
#define FILIGREE_VERSION "0.2.0"
/// A number to compare: `FILIGREE_VERSION_NUMBER >= 10203` means 1.2.3 or later.
#define FILIGREE_VERSION_NUMBER (10000 * FILIGREE_VERSION_MAJOR + 100 * FILIGREE_VERSION_MINOR + FILIGREE_VERSION_PATCH)
