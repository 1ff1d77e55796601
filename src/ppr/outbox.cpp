#include "ppr/outbox.hpp"

namespace filigree::ppr {

Received<Term> Outbox::send() {
  std::vector<Offset> counts;
  std::vector<Term> terms;
  comm_.guard([&] {
    Offset total = 0;
    for (const std::vector<Term>& to_rank : to_) total += std::ssize(to_rank);
    terms.reserve(z(total));
    for (std::vector<Term>& to_rank : to_) {
      counts.push_back(std::ssize(to_rank));
      terms.insert(terms.end(), to_rank.begin(), to_rank.end());
      to_rank.clear();
    }
  });
  terms_sent_ += std::ssize(terms) - counts[z(comm_.rank())];
  return comm_.all_to_all(std::span<const Term>(terms), counts);
}

}  // namespace filigree::ppr
