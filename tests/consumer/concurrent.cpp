// Two threads that use the same const objects at once, each with results of its own.
#include <cstdio>
#include <filigree/filigree.hpp>
#include <functional>
#include <thread>
#include <vector>

namespace {

struct Results {
  std::vector<double> local, distributed, ghosts, scores, planned;
  bool operator==(const Results&) const = default;
};

}  // namespace

int main(int argc, char** argv) {
  using namespace filigree;
  const Runtime runtime(argc, argv);
  const Comm self = Comm::self();
  const Graph graph = generate::rmat(self, 9, 8, 1);
  const Csr<double>& local = graph.local();
  const spgemm::Plan plan = spgemm::plan(local, local);
  const ppr::ReplicatedGraph replicated(graph);
  const std::vector<double> x(static_cast<std::size_t>(graph.num_rows()), 1.0);

  const auto use = [&](Results& mine) {
    set_num_threads(1);
    for (int round = 0; round < 5; ++round) {
      mine.local.resize(x.size());
      multiply(local.view(), x, mine.local);
      mine.distributed.resize(x.size());
      multiply(graph, x, mine.distributed);
      mine.ghosts = graph.with_ghosts(x);
      Csr<double> square;
      spgemm::multiply(plan, local, local, square);
      mine.planned.assign(square.val.begin(), square.val.end());
      mine.scores = ppr::query(replicated, std::vector<ppr::Query>{{{7, 1.0}}, {{9, 1.0}}}, {.top = 5}).score;
    }
  };
  Results first, second, alone;
  std::thread one(use, std::ref(first));
  std::thread two(use, std::ref(second));
  one.join();
  two.join();
  use(alone);
  const bool equal = first == alone && second == alone && !alone.planned.empty() && !alone.scores.empty();
  std::printf("%s\n", equal ? "two threads agree" : "two threads disagree");
  return equal ? 0 : 1;
}
