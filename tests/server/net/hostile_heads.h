// Requests as attackers, old clients and broken proxies write them, and what each is answered: smuggling needs two
// readers that disagree, so what can be read in two ways is refused. Shared by the parser's test, the real server's and
// the comparison with nginx (tests/faults/nginx_heads_test.py).
#pragma once

#include <string>
#include <vector>

namespace vedette::net::testing {

struct HostileHead {
  std::string what;
  std::string bytes;  ///< a whole request, its body too
  int status;         ///< 200: odd, but read in one way only
};

inline std::vector<HostileHead> hostile_lines_and_targets() {
  using namespace std::string_literals;
  const std::string rest = " HTTP/1.1\r\nHost: a\r\n\r\n", host = "Host: a\r\n\r\n";
  const auto get = [&](const std::string& target) { return "GET " + target + rest; };
  return {
      {"bare LF everywhere", "GET / HTTP/1.1\nHost: a\n\n", 400},
      {"two spaces", "GET  / HTTP/1.1\r\n" + host, 400},
      {"a space in the target", "GET /a b HTTP/1.1\r\n" + host, 400},
      {"a tab for a space", "GET\t/ HTTP/1.1\r\n" + host, 400},
      {"HTTP/0.9", "GET /\r\n" + host, 400},
      {"HTTP/0.9 said aloud", "GET / HTTP/0.9\r\n" + host, 505},
      {"a space after the version", "GET / HTTP/1.1 \r\n" + host, 400},
      {"a lower-case version", "GET / http/1.1\r\n" + host, 400},
      {"another protocol", "GET / HTTPS/1.1\r\n" + host, 400},
      {"HTTP/2.0", "GET / HTTP/2.0\r\n" + host, 505},
      {"HTTP/1.2", "GET / HTTP/1.2\r\n" + host, 505},
      {"a version of three parts", "GET / HTTP/1.1.1\r\n" + host, 400},
      {"a version with a zero before it", "GET / HTTP/01.1\r\n" + host, 400},
      {"HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\n", 505},
      {"no slash", get("x"), 400},
      {"only a query", get("?x"), 400},
      {"a backslash", get("\\x"), 400},
      {"* of GET", get("*"), 400},
      {"* of OPTIONS", "OPTIONS *" + rest, 200},
      {"a fragment", get("/a#b"), 400},
      {"..", get("/../etc"), 400},
      {".. escaped", get("/a/%2e%2E/b"), 400},
      {".", get("/a/."), 400},
      {"NUL escaped", get("/%00"), 400},
      {"NUL", get("/\0"s), 400},
      {"an escape of no hex", get("/%zz"), 400},
      {"a cut escape", get("/%4"), 400},
      {"UTF-8 longer than it need be", get("/%C0%80"), 400},
      {"no UTF-8 in the query", get("/?a=%FF"), 400},
      {"UTF-8 as it is", get("/caf\xc3\xa9"), 200},
      {"a slash escaped", get("/a%2Fb"), 200},
      {"two slashes", get("//b//c"), 200},
      {"a question mark in the query", get("/a?b=c?d"), 200},
      {"the absolute form", "GET http://a/x?y=1" + rest, 200},
      {"the absolute form of another host", "GET http://b/x" + rest, 400},
      {"the absolute form with a user", "GET http://a@b/x" + rest, 400},
      {"the absolute form of another port", "GET http://a:81/x" + rest, 400},
      {"the absolute form of another scheme", "GET ftp://a/x" + rest, 400},
      {"the absolute form of CONNECT", "CONNECT a:1" + rest, 501},
      {"a method nobody has", "BREW /" + rest, 501},
      {"a method in lower case", "get /" + rest, 501},
      {"TRACE", "TRACE /" + rest, 501},
      {"WebDAV", "PROPFIND /" + rest, 501},
      {"a method that is no token", "G@T /" + rest, 400},
      {"no method", " /" + rest, 400},
      {"a very long method", std::string(300, 'A') + " /" + rest, 501},
  };
}

inline std::vector<HostileHead> hostile_fields() {
  using namespace std::string_literals;
  const std::string get = "GET / HTTP/1.1\r\n", good = get + "Host: a\r\n";
  return {
      {"one bare LF", get + "Host: a\n\r\n", 400},
      {"a bare CR", get + "Host: a\rX: b\r\n\r\n", 400},
      {"a line without a colon", good + "no colon\r\n\r\n", 400},
      {"an empty name", good + ": x\r\n\r\n", 400},
      {"a space before the colon", get + "Host : a\r\n\r\n", 400},
      {"a space in a name", good + "X Y: z\r\n\r\n", 400},
      {"a tab before the colon", good + "X\t: z\r\n\r\n", 400},
      {"a folded field", good + "X: b\r\n folded\r\n\r\n", 400},
      {"a fold with a tab", good + "\tfolded: x\r\n\r\n", 400},
      {"a fold before the first field", get + " Host: a\r\n\r\n", 400},
      {"no Host", get + "\r\n", 400},
      {"Host twice", good + "Host: a\r\n\r\n", 400},
      {"two Hosts", good + "Host: b\r\n\r\n", 400},
      {"an empty Host", get + "Host: \r\n\r\n", 400},
      {"a Host of two words", get + "Host: a b\r\n\r\n", 400},
      {"a Host with a path", get + "Host: a/b\r\n\r\n", 400},
      {"a Host with a user", get + "Host: x@a\r\n\r\n", 400},
      {"a list of Hosts", get + "Host: a,b\r\n\r\n", 400},
      {"a Host that is no ASCII", get + "Host: \xc3\xa9\r\n\r\n", 400},
      {"a Host with a port", get + "Host: a:8443\r\n\r\n", 200},
      {"a Host of IPv6", get + "Host: [::1]:8443\r\n\r\n", 200},
      {"NUL in a value", good + "X: \0\r\n\r\n"s, 400},
      {"a control character in a value", good + "X: \x01\r\n\r\n", 400},
      {"DEL in a name", good + "X\x7F: b\r\n\r\n", 400},
      {"a parenthesis in a name", good + "X(: b\r\n\r\n", 400},
      {"a name that is no ASCII", good + "X\xc3\xa9: b\r\n\r\n", 400},
      {"a value that is no ASCII", good + "X: \xff\r\n\r\n", 200},
      {"no space before a value", good + "X:y\r\n\r\n", 200},
      {"much space around a value", good + "X: \t y \t \r\n\r\n", 200},
      {"an empty value", good + "X:\r\n\r\n", 200},
      {"a name twice", good + "X: 1\r\nX: 2\r\n\r\n", 200},
      {"a field that only passes as Transfer-Encoding", good + "Transfer_Encoding: chunked\r\n\r\n", 200},
      {"a line of Connection more", good + "Connection: keep-alive\r\nConnection: close\r\n\r\n", 200},
      {"HTTP/2 in clear", good + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n",
       200},
      {"another Expect", good + "Expect: wonders\r\n\r\n", 417},
  };
}

inline std::vector<HostileHead> hostile_framing() {
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n", chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
  const auto counted = [&](const std::string& length) { return post + "Content-Length:" + length + "\r\n\r\nabc"; };
  const auto coded = [&](const std::string& coding) {
    return post + "Transfer-Encoding:" + coding + "\r\n\r\n0\r\n\r\n";
  };
  const std::string next = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
  return {
      {"the same length twice", post + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400},
      {"two lengths", post + "Content-Length: 3\r\nContent-Length: 2\r\n\r\nabc", 400},
      {"a list of lengths", counted(" 3, 3"), 400},
      {"+", counted(" +3"), 400},
      {"-", counted(" -3"), 400},
      {"hex", counted(" 0x3"), 400},
      {"a space inside", counted(" 3 0"), 400},
      {"no length", counted(""), 400},
      {"a length too long to count", counted(" 99999999999999999999"), 400},
      {"a length of 2^64 + 3", counted(" 18446744073709551619"), 400},
      {"a fraction", counted(" 3.0"), 400},
      {"a parameter of a length", counted(" 3;"), 400},
      {"a vertical tab", counted(" \v3"), 400},
      {"a space before the length's colon", post + "Content-Length : 3\r\n\r\nabc", 400},
      {"zeros before a length", counted(" 0003"), 200},
      {"a tab before a length", counted("\t3"), 200},
      {"a length of GET", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 200},
      {"a length that Connection names", post + "Connection: Content-Length\r\nContent-Length: 3\r\n\r\nabc", 200},
      {"a request behind a body", post + "Content-Length: 3\r\n\r\nabc" + next, 200},
      {"both lengths", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + next, 400},
      {"both lengths the other way round", post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
       400},
      {"a space before Transfer-Encoding's colon", post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400},
      {"gzip, chunked", coded(" gzip, chunked"), 501},
      {"chunked twice", coded(" chunked, chunked"), 501},
      {"identity", coded(" identity"), 501},
      {"an empty coding", coded(""), 501},
      {"a coding that only begins like chunked", coded(" chunkedx"), 501},
      {"a coding that only ends like chunked", coded(" xchunked"), 501},
      {"a quoted coding", coded(" \"chunked\""), 501},
      {"a parameter of chunked", coded(" chunked;x=y"), 501},
      {"a vertical tab before chunked", coded(" \vchunked"), 400},
      {"two lines of codings", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
       400},
      {"chunked in capitals", coded(" CHUNKED"), 200},
      {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"chunks", chunked + "3\r\nabc\r\n0\r\n\r\n" + next, 200},
      {"extensions, zeros, capitals", chunked + "00A;x=\"y\"\r\n0123456789\r\n0\r\n\r\n", 200},
      {"a trailer that is a length", chunked + "3\r\nabc\r\n0\r\nContent-Length: 9\r\n\r\n" + next, 200},
      {"a bare LF behind a size", chunked + "3\nabc\r\n0\r\n\r\n", 400},
      {"a bare LF behind a chunk", chunked + "3\r\nabc\n0\r\n\r\n", 400},
      {"a space behind a size", chunked + "3 \r\nabc\r\n0\r\n\r\n", 400},
      {"a sign before a size", chunked + "+3\r\nabc\r\n0\r\n\r\n", 400},
      {"0x before a size", chunked + "0x3\r\nabc\r\n0\r\n\r\n", 400},
      {"a size of 2^64 + 3", chunked + "10000000000000003\r\nabc\r\n0\r\n\r\n", 400},
      {"a chunk longer than its size", chunked + "2\r\nabc\r\n0\r\n\r\n", 400},
      {"no size", chunked + "\r\nabc\r\n0\r\n\r\n", 400},
  };
}

inline std::vector<HostileHead> hostile_heads() {
  std::vector<HostileHead> all = hostile_lines_and_targets();
  for (const auto& more : {hostile_fields(), hostile_framing()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace vedette::net::testing
