#include "tests/schema/chunk/tables.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

namespace vedette::chunk {
namespace {

using Random = std::mt19937_64;

std::int64_t any_bits(Random& random) {
  return static_cast<std::int64_t>(random());
}

/// A number whose size, not only its value, is random.
std::int64_t of_any_size(Random& random) {
  return any_bits(random) >> (random() % 64);
}

std::int64_t next_integer(Random& random, unsigned shape, std::int64_t before) {
  const auto add = [&](std::int64_t n) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(before) + static_cast<std::uint64_t>(n));
  };
  switch (shape) {
    case 0:
      return before;  // constant
    case 1:
      return add(1'000);  // linear
    case 2:
      return add(static_cast<std::int64_t>(random() % 100));  // counter
    case 3:
      return random() % 10 == 0 ? add(of_any_size(random)) : before;  // bursts
    case 4:
      return 5'000 + static_cast<std::int64_t>(random() % 300);  // level
    case 5:
      return random() % 50 == 0 ? 0 : add(static_cast<std::int64_t>(random() % 9));  // counter with resets
    case 6:
      return of_any_size(random);
    default:
      return any_bits(random);
  }
}

std::int64_t next_real(Random& random, unsigned shape, std::int64_t before) {
  static const std::array<double, 9> odd = {0.0,
                                            -0.0,
                                            std::nan("1"),
                                            -std::nan("0x7ffff"),
                                            std::numeric_limits<double>::infinity(),
                                            -std::numeric_limits<double>::infinity(),
                                            std::numeric_limits<double>::denorm_min(),
                                            std::numeric_limits<double>::max(),
                                            std::numeric_limits<double>::lowest()};
  switch (shape) {
    case 0:
      return before;
    case 1:
      return std::bit_cast<std::int64_t>(static_cast<double>(random() % 1'000) / 10);
    case 2:
      return std::bit_cast<std::int64_t>(odd[random() % odd.size()]);
    case 3:
      return random() % 5 == 0 ? std::bit_cast<std::int64_t>(static_cast<double>(random() % 64)) : before;
    default:
      return any_bits(random);  // signalling NaNs and payloads among them
  }
}

std::vector<bool> random_presence(Random& random, std::size_t ticks) {
  std::vector<bool> present(ticks, true);
  const auto shape = random() % 5;
  const std::size_t edge = ticks == 0 ? 0 : random() % (ticks + 1);
  for (std::size_t i = 0; i < ticks; ++i) {
    present[i] =
        shape == 0 || (shape == 1 && i >= edge) || (shape == 2 && i < edge) || (shape == 3 && random() % 2 != 0);
  }
  return present;
}

Column random_column(Random& random, std::uint32_t id, std::size_t ticks) {
  Column column;
  column.id = id;
  column.real = random() % 3 == 0;
  const auto shape = static_cast<unsigned>(random() % 8);
  if (random() % 2 != 0) column.present = random_presence(random, ticks);
  std::int64_t value = of_any_size(random);
  for (std::size_t i = 0; i < ticks; ++i) {
    value = column.real ? next_real(random, shape, value) : next_integer(random, shape, value);
    column.values.push_back(value);
  }
  return column;
}

}  // namespace

Table random_table(std::uint64_t seed) {
  Random random(seed);
  static const std::array<std::size_t, 10> sizes = {0, 1, 2, 63, 64, 65, 66, 129, 600, 700};
  const std::size_t ticks = random() % 2 != 0 ? sizes[random() % sizes.size()] : random() % 300;
  Table table;
  const auto shape = static_cast<unsigned>(random() % 8);
  std::int64_t time = 1'795'425'204'000;
  for (std::size_t i = 0; i < ticks; ++i) {
    time = next_integer(random, random() % 4 != 0 ? 1 : shape, time);
    table.times.push_back(time);
  }
  std::uint32_t id = 0;
  for (std::size_t i = random() % 7; i > 0; --i) {
    id += static_cast<std::uint32_t>(random() >> (32 + random() % 32)) / 8;
    table.columns.push_back(random_column(random, id, ticks));
    ++id;
  }
  return table;
}

Table kept_table() {
  constexpr std::size_t kTicks = 300;
  Table table;
  std::uint64_t noise = 1;
  const auto next = [&] { return noise = noise * 6'364'136'223'846'793'005 + 1'442'695'040'888'963'407; };
  const auto add = [&](bool real, auto&& value) {
    Column& column = table.columns.emplace_back();
    column.id = static_cast<std::uint32_t>(7 * table.columns.size());
    column.real = real;
    for (std::size_t i = 0; i < kTicks; ++i) column.values.push_back(static_cast<std::int64_t>(value(i)));
  };
  for (std::size_t i = 0; i < kTicks; ++i)
    table.times.push_back(1'795'425'204'000 + static_cast<std::int64_t>(i) * 1'000);
  std::uint64_t sum = 0;
  add(false, [](std::size_t) { return 42; });
  add(false, [&](std::size_t) { return sum += 95 + next() % 11; });
  add(false, [&](std::size_t) { return sum += next() % 16 == 0 ? next() >> 40 : 0; });
  add(false, [&](std::size_t) { return 8'192 * (next() >> 58); });
  add(false, [&](std::size_t i) { return i * i * 3; });
  add(false, [&](std::size_t) { return next(); });
  add(true, [&](std::size_t i) { return 0x3ff0'0000'0000'0000 + (i << 40); });
  add(true, [&](std::size_t) { return next(); });
  add(false, [](std::size_t i) { return i % 2 == 0 ? std::uint64_t{1} << 63 : ~(std::uint64_t{1} << 63); });
  for (std::size_t i = 0; i < kTicks; ++i) {
    table.columns[1].present.push_back(i < 100 || i > 180);
    table.columns[3].present.push_back(next() >> 62 != 0);
    table.columns[7].present.push_back(i % 3 == 0);
  }
  return normalised(std::move(table));
}

Table normalised(Table table) {
  for (Column& column : table.columns) {
    if (std::ranges::all_of(column.present, [](bool present) { return present; })) column.present.clear();
    for (std::size_t i = 0; i < column.present.size(); ++i) {
      if (!column.present[i]) column.values[i] = 0;
    }
  }
  return table;
}

std::string difference(const Table& a, const Table& b) {
  if (a.times != b.times) return "times differ";
  if (a.columns.size() != b.columns.size()) return "numbers of columns differ";
  for (std::size_t i = 0; i < a.columns.size(); ++i) {
    const std::string where = "column " + std::to_string(i) + ": ";
    const Column &x = a.columns[i], &y = b.columns[i];
    if (x.id != y.id || x.real != y.real) return where + "id or kind differs";
    if (x.present != y.present) return where + "presence differs";
    const auto [at, other] = std::ranges::mismatch(x.values, y.values);
    if (at != x.values.end() || other != y.values.end()) {
      return where + "value " + std::to_string(at - x.values.begin()) + " differs";
    }
  }
  return {};
}

}  // namespace vedette::chunk
