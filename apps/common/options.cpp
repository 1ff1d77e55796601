#include "options.hpp"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <optional>
#include <sstream>
#include <string_view>
#include <type_traits>

#include "numbers.hpp"
#include "suggest.hpp"

namespace filigree::app {
namespace {

/// Makes "1536", "64 KiB", "1.5GB" or "2g" a whole number.
std::string to_bytes(std::string& given) {
  double number = 0;
  const char* const last = given.data() + given.size();
  const auto [end, error] = std::from_chars(given.data(), last, number);
  const std::string unit = CLI::detail::to_lower(CLI::detail::trim_copy({end, last}));
  const auto power = unit.empty() ? 0 : std::string_view("bkmgtpe").find(unit.front());
  const std::string rest = unit.empty() ? "" : unit.substr(1);
  const bool is_unit = rest.empty() || (power > 0 && (rest == "b" || rest == "i" || rest == "ib"));
  number = std::ldexp(number, 10 * static_cast<int>(power));
  if (number > 0 && number < 1) number = -1;  // less than a byte
  if (error != std::errc() || power > 6 || !is_unit || !(number >= 0 && number < 0x1p63))
    return "'" + given + "' is no size; sizes lie between 0 and 8EiB, in bytes or with a unit: 4096, 64KiB, 1.5GiB, 2T";
  given = std::to_string(static_cast<std::int64_t>(number));
  return "";
}

/// The number that an option's variable holds: T of T, std::vector<T> and std::optional<T>.
template <class T>
struct NumberIn {
  using type = T;
};
template <class T>
struct NumberIn<std::vector<T>> : NumberIn<T> {};
template <class T>
struct NumberIn<std::optional<T>> : NumberIn<T> {};

/// Makes a number one in plain decimal digits: CLI11 would take those behind a leading 0 for octal.
template <class T>
std::string to_plain_number(std::string& given) {
  std::string fault = fault_of_number<T>(given);
  if constexpr (std::is_integral_v<T>) {
    T number{};
    std::from_chars(given.data(), given.data() + given.size(), number);
    if (fault.empty()) given = std::to_string(number);
  }
  return fault;
}

/// All subcommands, or those of the command line.
std::vector<CLI::App*> subcommands_of(CLI::App& app) {
  return app.get_subcommands([](CLI::App*) { return true; });
}

std::vector<std::string> long_options(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

/// Options that also have a position are shown once, as options.
class Formatter : public CLI::Formatter {
  std::string make_positionals(const CLI::App* app) const override {
    const auto only_by_position = [](const CLI::Option* option) {
      return option->get_positional() && !option->nonpositional();
    };
    const auto options = app->get_options(only_by_position);
    return options.empty() ? "" : make_group(get_label("Positionals"), true, options);
  }
};

/// A check that always holds marks a file that is written.
constexpr std::pair<FileRole, const char*> roles[] = {{FileRole::output, "output"},
                                                      {FileRole::graph_output, "graph output"}};

FileRole role_of(CLI::Option& option) {
  for (const auto& [role, name] : roles) {
    try {
      (void)option.get_validator(name);
      return role;
    } catch (const CLI::OptionNotFound&) {
    }
  }
  return option.get_type_name().find("FILE") == std::string::npos ? FileRole::none : FileRole::input;
}

}  // namespace

Option& Option::required() { return option_->required(), *this; }
Option& Option::type_name(const std::string& name) { return option_->type_name(name), *this; }
Option& Option::file(FileRole role) {
  for (const auto& [known, name] : roles) {
    if (known == role) option_->check([](const std::string&) { return std::string(); }, "", name);
  }
  return type_name("FILE");
}
Option& Option::default_text(const std::string& shown) { return option_->default_str(shown), *this; }
Option& Option::group(const std::string& name) { return option_->group(name), *this; }
Option& Option::within(const std::string& written) {
  const Interval interval(written);
  const auto check = [interval](const std::string& given) {
    return interval.holds(given) ? "" : given + " must be " + interval.requirement();
  };
  option_->check(CLI::Validator(check, ""));
  // Of counts, at least 0 goes without saying.
  if (written != "[0, inf)") option_->description(option_->get_description() + "; " + interval.requirement());
  return *this;
}
Option& Option::one_of(const std::vector<std::string>& texts) { return option_->check(CLI::IsMember(texts)), *this; }
Option& Option::size_in_bytes() { return option_->type_name("SIZE")->transform(CLI::Validator(to_bytes, "")), *this; }
Option& Option::expected(int num_values) { return option_->expected(num_values), *this; }
Option& Option::delimiter(char between) { return option_->delimiter(between), *this; }
Option& Option::needs(const Option& other) { return option_->needs(other.option_), *this; }
Option& Option::excludes(const Option& other) { return option_->excludes(other.option_), *this; }
std::size_t Option::count() const { return option_->count(); }

template <class T>
Option Command::option(const std::string& names, T& variable, const std::string& help) {
  CLI::Option* const option = command_->add_option(names, variable, help);
  using Number = typename NumberIn<T>::type;
  if constexpr (std::is_arithmetic_v<Number>) {
    option->transform(CLI::Validator(to_plain_number<Number>, ""));
  }
  return Option(option);
}
template Option Command::option(const std::string&, std::string&, const std::string&);
template Option Command::option(const std::string&, int&, const std::string&);
template Option Command::option(const std::string&, std::int64_t&, const std::string&);
template Option Command::option(const std::string&, std::uint64_t&, const std::string&);
template Option Command::option(const std::string&, double&, const std::string&);
template Option Command::option(const std::string&, std::vector<std::string>&, const std::string&);
template Option Command::option(const std::string&, std::vector<int>&, const std::string&);
template Option Command::option(const std::string&, std::vector<std::int64_t>&, const std::string&);
template Option Command::option(const std::string&, std::vector<double>&, const std::string&);
template Option Command::option(const std::string&, std::optional<int>&, const std::string&);
template Option Command::option(const std::string&, std::optional<std::int64_t>&, const std::string&);
template Option Command::option(const std::string&, std::optional<double>&, const std::string&);

Option Command::option(const std::string& names, std::function<void(double)> set, const std::string& help) {
  CLI::Option* const option = command_->add_option_function<double>(names, std::move(set), help);
  return Option(option->default_str("")->check(CLI::Validator(fault_of_number<double>, "")));
}
Option Command::flag(const std::string& names, bool& variable, const std::string& help) {
  return Option(command_->add_flag(names, variable, help));
}
Option Command::flag(const std::string& names, std::function<void()> when_given, const std::string& help) {
  return Option(command_->add_flag_callback(names, std::move(when_given), help));
}

Option Command::add_choice(const std::string& names, const std::vector<std::string>& texts, const std::string& current,
                           std::function<void(std::size_t)> set, const std::string& help) {
  const std::string all = CLI::detail::join(texts, "|");
  const auto choose = [names, texts, all, set = std::move(set)](const std::string& given) {
    const auto chosen = std::find(texts.begin(), texts.end(), given);
    if (chosen == texts.end())
      throw CLI::ValidationError(names, "'" + given + "' is none of " + all + did_you_mean(given, texts));
    set(static_cast<std::size_t>(chosen - texts.begin()));
  };
  CLI::Option* const option = command_->add_option_function<std::string>(names, choose, help);
  return Option(option->type_name(all)->default_str(current));
}

Command Command::command(const std::string& name, const std::string& help) {
  return Command(command_->add_subcommand(name, help));
}
void Command::check(std::function<void()> checks) { command_->callback(std::move(checks)); }
bool Command::given() const { return command_->parsed(); }
std::size_t Command::count(const std::string& name) const {
  const CLI::Option* const option = command_->get_option_no_throw(name);
  return option == nullptr ? 0 : option->count();
}

CommandLine::CommandLine(const std::string& name, const std::string& summary, const std::string& footer,
                         const std::string& version)
    : CommandLine(new CLI::App(summary, name)) {
  root_->formatter(std::make_shared<Formatter>());
  root_->footer(footer);
  root_->set_version_flag("--version", version);
  root_->option_defaults()->always_capture_default();
}
void CommandLine::Deleter::operator()(CLI::App* app) const { delete app; }

std::vector<Command> CommandLine::leaves() const {
  std::vector<Command> all;
  for (CLI::App* const command : subcommands_of(*root_)) all.emplace_back(command);
  if (all.empty()) all.push_back(*this);
  return all;
}

void CommandLine::parse(int argc, char** argv) {
  const auto commands = subcommands_of(*root_);
  for (CLI::App* const command : commands) command->footer(root_->get_footer());
  root_->require_subcommand(commands.empty() ? 0 : 1);
  try {
    root_->parse(argc, argv);
  } catch (const CLI::Success& wanted) {  // --help or --version
    std::ostringstream out;
    root_->exit(wanted, out, out);
    throw Leave{0, CLI::detail::find_and_replace(out.str(), "\n\n\n", "\n\n")};
  } catch (const CLI::ParseError& mistake) {
    // An option that is unknown is the mistake, whatever is missing or taken wrongly because of it.
    const std::vector<std::string> unknown = root_->remaining(true);
    const bool is_too_much = dynamic_cast<const CLI::ExtrasError*>(&mistake) != nullptr;
    const bool is_too_little = dynamic_cast<const CLI::RequiredError*>(&mistake) != nullptr;
    const bool is_cause = !unknown.empty() && (unknown.front().starts_with('-') || is_too_much || is_too_little);
    throw Leave{2, is_cause ? about_unknown(unknown.front()) : in_our_words(mistake)};
  }
}

std::string CommandLine::in_our_words(const std::exception& mistake) const {
  std::string message = mistake.what();
  if (!subcommands_of(*root_).empty() && chosen().empty()) return "give one of the subcommands " + names_of_commands();
  if (message.ends_with(" missing")) return message.substr(0, message.find(':')) + ": its value is missing";
  return message;
}

std::string CommandLine::names_of_commands() const {
  std::vector<std::string> names;
  for (const CLI::App* const command : subcommands_of(*root_)) names.push_back(command->get_name());
  return CLI::detail::join(names, ", ");
}

std::string CommandLine::about_unknown(const std::string& word) const {
  std::vector<std::string> commands;
  std::vector<std::string> with_option;
  const std::string name = word.substr(0, word.find('='));
  for (const CLI::App* const command : subcommands_of(*root_)) {
    commands.push_back(command->get_name());
    if (name.starts_with('-') && command->get_option_no_throw(name) != nullptr) with_option.push_back(commands.back());
  }
  const bool is_before_command = !commands.empty() && root_->remaining_size() > 0;
  if (!name.starts_with('-')) {
    if (!is_before_command) return "nothing takes the argument '" + word + "'";
    const std::string meant = did_you_mean(word, commands);
    return "unknown subcommand '" + word + "'" + (meant.empty() ? "; there are " + names_of_commands() : meant);
  }
  if (!with_option.empty())
    return "option " + name + " is of " + CLI::detail::join(with_option, ", ") +
           (is_before_command ? " and stands behind that word" : "");
  const auto given = root_->get_subcommands();
  return "unknown option " + name + did_you_mean(name, long_options(given.empty() ? *root_ : *given.front()));
}

std::string CommandLine::chosen() const {
  const auto given = root_->get_subcommands();
  return given.empty() ? "" : given.front()->get_name();
}

std::vector<OptionValue> CommandLine::values() const {
  const auto given = root_->get_subcommands();
  CLI::App& leaf = given.empty() ? *root_ : *given.front();
  std::vector<OptionValue> all;
  for (CLI::Option* const option : leaf.get_options()) {
    all.push_back({option->get_single_name(), option->get_name(), option->get_group(), option->get_type_name(),
                   role_of(*option), option->get_expected_max() == 0, option->results(), option->get_default_str()});
  }
  return all;
}

void usage_error(const std::string& what) { throw Leave{2, what}; }

}  // namespace filigree::app
