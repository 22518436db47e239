// Prints a chunk (standard input) as JSON: {"times":[ms …],"columns":[{"id":n,"real":false,"values":["123",null …]}]}.
// Integers are strings, since JSON numbers would lose their low bits.
#include <iostream>
#include <iterator>

#include "schema/chunk/chunk.h"

namespace {

void print(const vedette::chunk::Column& column) {
  std::cout << "{\"id\":" << column.id << ",\"real\":" << (column.real ? "true" : "false") << ",\"values\":[";
  for (std::size_t i = 0; i < column.values.size(); ++i) {
    if (i > 0) std::cout << ',';
    if (column.present.empty() || column.present[i]) {
      std::cout << '"' << column.values[i] << '"';
    } else {
      std::cout << "null";
    }
  }
  std::cout << "]}";
}

}  // namespace

int main() {
  const std::string text((std::istreambuf_iterator<char>(std::cin)), {});
  const auto table = vedette::chunk::decode({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, {});
  if (!table) {
    std::cerr << "chunk-json: " << table.error().message << '\n';
    return 1;
  }
  std::cout << "{\"times\":[";
  for (std::size_t i = 0; i < table->times.size(); ++i) std::cout << (i > 0 ? "," : "") << table->times[i];
  std::cout << "],\"columns\":[";
  for (std::size_t i = 0; i < table->columns.size(); ++i) {
    if (i > 0) std::cout << ',';
    print(table->columns[i]);
  }
  std::cout << "]}\n";
}
