// Options and commands of a program. Only options.cpp sees the library that reads command lines.
//
//   auto& cli = program.cli;                                                   or a command of it:
//   app::Command build = program.cli.command("build", "makes a thing");
//   build.option("--bits", bits, "of the thing").within("[1, 64]");            the variable holds the default
//   build.option("--share", share, "of the thing").within("(0, 1]");           numbers are finite in any case
//   build.option("-k,--clusters", clusters, "how many; 0 = estimated");
//   build.option("IN", path, "what is read").required().type_name("FILE");     no dashes: by position
//   build.option("--graph,GRAPH", path, "what is read").type_name("FILE");     by either
//   build.option("--budget", bytes, "most memory").size_in_bytes().default_text("no limit");
//   build.flag("--fast", fast, "do it worse");
//   build.choice("--method", method, {{"exact", Method::exact}, {"push", Method::push}}, "how");
//   build.check([&] { if (fast && bits > 8) app::usage_error("--fast knows 8 bits at most"); });
//   program.parse();
//   if (build.given()) ...
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace filigree::app {

/// What becomes of the file that an option names: it is an input if the value is called FILE, unless file() says more.
/// Beside a graph there may be a file of names.
enum class FileRole { none, input, output, graph_output };

/// An option that was added. Every call says more about it and returns it.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}

  Option& required();
  /// What --help shows for the value: FILE, VERTEX.
  Option& type_name(const std::string& name);
  /// The value is a FILE that is written: output or graph_output.
  Option& file(FileRole role);
  /// What --help and the record show as the default instead of the variable's value.
  Option& default_text(const std::string& shown);
  /// The heading under which --help shows it.
  Option& group(const std::string& name);
  /// Refuses numbers outside an interval such as "(0, 1)", "[1, 64]" or "[0, inf)", which --help shows. Call it last:
  /// the help text is complete then.
  Option& within(const std::string& interval);
  /// Refuses other texts.
  Option& one_of(const std::vector<std::string>& texts);
  /// Takes "1536", "64 KiB", "1.5GB" or "2g" for a whole number of bytes; units are of 1024.
  Option& size_in_bytes();
  /// Exactly so many values.
  Option& expected(int num_values);
  /// Values may stand in one argument with this between them.
  Option& delimiter(char between);
  Option& needs(const Option& other);
  Option& excludes(const Option& other);
  /// How often it was given.
  std::size_t count() const;

 private:
  CLI::Option* option_;
};

/// A program, or one of its commands. A handle: copies are of the same command.
class Command {
 public:
  explicit Command(CLI::App* command) : command_(command) {}

  /// An option that sets `variable`, whose value is the default. T: std::string, int, std::int64_t, std::uint64_t,
  /// double (finite); std::vector of these for several values; std::optional of a number.
  template <class T>
  Option option(const std::string& names, T& variable, const std::string& help);
  /// An option whose number is handed to `set`; without it, nothing happens.
  Option option(const std::string& names, std::function<void(double)> set, const std::string& help);
  Option flag(const std::string& names, bool& variable, const std::string& help);
  Option flag(const std::string& names, std::function<void()> when_given, const std::string& help);
  /// An option with named values: `--name a|b|c`.
  template <class E>
  Option choice(const std::string& names, E& variable,
                std::initializer_list<std::pair<const char*, std::type_identity_t<E>>> choices,
                const std::string& help) {
    return choice(names, variable, std::vector<std::pair<std::string, E>>(choices.begin(), choices.end()), help);
  }
  template <class E>
  Option choice(const std::string& names, E& variable, const std::vector<std::pair<std::string, E>>& choices,
                const std::string& help) {
    std::vector<std::string> texts;
    std::vector<E> meanings;
    std::string current;
    for (const auto& [name, meaning] : choices) {
      texts.emplace_back(name);
      meanings.push_back(meaning);
      if (meaning == variable) current = name;
    }
    const auto set = [&variable, meanings](std::size_t chosen) { variable = meanings[chosen]; };
    return add_choice(names, texts, current, set, help);
  }
  /// A command of its own, with its own options: `program name --option`.
  Command command(const std::string& name, const std::string& help);
  /// Runs once all is read, if this command was given: here usage_error() is thrown.
  void check(std::function<void()> checks);
  /// Whether the command line holds this command.
  bool given() const;
  /// How often an option was given; 0 if there is none of this name.
  std::size_t count(const std::string& name) const;

 protected:
  CLI::App* command_;

 private:
  Option add_choice(const std::string& names, const std::vector<std::string>& texts, const std::string& current,
                    std::function<void(std::size_t)> set, const std::string& help);
};

/// What an option had in the end.
struct OptionValue {
  std::string name;
  std::string as_written;  ///< with its dashes
  std::string group;
  std::string type_name;
  FileRole file_role = FileRole::none;
  bool is_flag = false;
  std::vector<std::string> given;  ///< as on the command line; empty = the default
  std::string default_text;
};

/// The whole command line.
class CommandLine : public Command {
 public:
  CommandLine(const std::string& name, const std::string& summary, const std::string& footer,
              const std::string& version);
  /// All commands; the program itself if it has none.
  std::vector<Command> leaves() const;
  /// Throws Leave for --help, --version and mistakes. Needs no MPI.
  void parse(int argc, char** argv);
  /// The name of the command that was given; "" if there are none.
  std::string chosen() const;
  /// Every option of the command that was given.
  std::vector<OptionValue> values() const;

 private:
  struct Deleter {
    void operator()(CLI::App* app) const;
  };
  explicit CommandLine(CLI::App* root) : Command(root), root_(root) {}
  /// What is wrong with a word that no option took.
  std::string about_unknown(const std::string& word) const;
  std::string in_our_words(const std::exception& mistake) const;
  std::string names_of_commands() const;
  std::unique_ptr<CLI::App, Deleter> root_;
};

/// Ends the program without its work: help was wanted (code 0), the command line is wrong (2), or it was started in a
/// way that cannot work (1).
struct Leave {
  int exit_code;
  std::string message;
};

/// Options that do not go together: exit code 2.
[[noreturn]] void usage_error(const std::string& what);

}  // namespace filigree::app
