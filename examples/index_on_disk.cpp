// Personalized PageRank: an index of random walks is built once, kept as a file, and read again for queries.
#include <cstdio>
#include <filesystem>
#include <filigree/core/runtime.hpp>
#include <filigree/io/read.hpp>
#include <filigree/ppr_file.hpp>
#include <vector>

int main(int argc, char** argv) {
  filigree::Runtime runtime(argc, argv);
  return runtime.run([&] {
    const filigree::Comm& comm = runtime.comm();
    const auto file = filigree::io::read(comm, argc > 1 ? argv[1] : "data/polblogs.txt");
    const filigree::ppr::ReplicatedGraph graph(file.graph);  // whole, once on every node
    const char* path = argc > 2 ? argv[2] : "polblogs.ppr.h5";
    filigree::ppr::save(comm, filigree::ppr::build_index(graph, {.walks = 100}), path);

    const filigree::ppr::Index index = filigree::ppr::load(comm, path);  // on any number of ranks
    std::vector<filigree::ppr::Query> queries;                           // those of this rank
    const std::vector<std::string> seed{"instapundit.com"};
    const filigree::Global vertex = file.names.find(comm, seed).front();
    if (comm.is_root()) queries.push_back({{vertex}});
    const auto answers = filigree::ppr::query(graph, index, queries, {.target_error = 1e-2, .top = 3});
    const auto names = file.names.fetch(comm, answers.vertex);
    for (std::size_t i = 0; i < names.size(); ++i) std::printf("%s %.3f\n", names[i].c_str(), answers.score[i]);
    return 0;
  });
}
// Prints:
// instapundit.com 0.227
// vodkapundit.com 0.015
// michellemalkin.com 0.014
