// Texts as tables hold them, and as a terminal may show them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace filigree::app {

/// How results are written. Text in every form is UTF-8 and free of control characters, so that no name does anything
/// to a terminal or tears a row:
///
///   tsv    a heading, fields between tabs. In a field, tab, line feed, carriage return and backslash are \t \n \r \\;
///          other control characters and bytes that are no UTF-8 are \xNN, and so are " and #, which readers may take
///          for a quote or a comment, at its begin, and a blank at either end
///   csv    RFC 4180 with lines that end in a line feed alone: a heading, commas, quotes around fields that need them;
///          control characters but tabs and line ends, bytes that are no UTF-8, and a backslash before an x are \xNN
///   jsonl  an object a line; texts are strings, bytes that are no UTF-8 become U+FFFD
///   npy    an array of numbers
///   hdf5
enum class Form { tsv, csv, jsonl, npy, hdf5 };

/// Appends a text as a field of tsv or csv.
void append_field(std::string& to, std::string_view text, Form form);
/// The fields of a line that a Table wrote as tsv or csv, as they were; of csv only if no field holds a line end.
std::vector<std::string> fields_of(std::string_view line, Form form);

/// A text as a terminal may show it: control characters but line ends and tabs, and bytes that are no UTF-8, are \xNN.
std::string printable(std::string_view text);

}  // namespace filigree::app
