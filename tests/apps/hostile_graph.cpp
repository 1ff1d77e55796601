// hostile_graph FILE.h5: a ring of vertices whose names would tear a row of a table or move a terminal's cursor. They
// stand in the file only; files of text cannot hold them.
#include <string>
#include <vector>

#include "filigree/filigree.hpp"

int main(int argc, char** argv) {
  using namespace filigree;
  using std::string_literals::operator""s;
  Runtime runtime(argc, argv);
  return runtime.run([&] {
    io::Strings names;
    for (const std::string& name :
         {"a\tb"s, "x\ny 1 2"s, "c\r\nd"s, "nul\0in"s, "\x1b]0;gone\x07"s, "\xc2\x9bm"s, "Jos\xe9"s, "say \"hi\""s,
          "\"begun"s, "D\xc3\xb3ra, dr."s, "C:\\new\\x41"s, "New York"s, " blank "s, "#metoo"s, "plain"s})
      names.push_back(name);
    const auto n = static_cast<Global>(names.size());
    const Comm& comm = runtime.comm();
    const Partition rows = Partition::uniform(n, comm.size());
    Entries<double> entries;
    for (Global v = 0; v < n; ++v) {
      for (const Global next : {(v + 1) % n, (v + n - 1) % n}) {
        entries.row.push_back(v);
        entries.col.push_back(next);
      }
    }
    const Graph graph = Graph::from_entries(comm, rows, rows, std::move(entries), {});
    io::write(graph, io::VertexNames(comm, rows, std::move(names)), argv[1]);
    return 0;
  });
}
