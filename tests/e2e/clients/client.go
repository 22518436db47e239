// A viewer over Go's gorilla/websocket. What every client here does, and prints, is said in clients.test.mjs.
//
//	client URL CA USER PASSWORD deflate|plain
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

type message struct {
	Type, Topic, Message string
	Rows                 []json.RawMessage
}

var url, user, password, compression = os.Args[1], os.Args[3], os.Args[4], os.Args[5]

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func say(key string, value any, more ...any) {
	what := map[string]any{key: value}
	for i := 0; i < len(more); i += 2 {
		what[more[i].(string)] = more[i+1]
	}
	line, err := json.Marshal(what)
	must(err)
	fmt.Println(string(line))
}

func settings() *tls.Config {
	pem, err := os.ReadFile(os.Args[2])
	must(err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return &tls.Config{RootCAs: pool}
}

func logIn() string {
	body, err := json.Marshal(map[string]string{"user": user, "password": password})
	must(err)
	request, err := http.NewRequest("POST", url+"/api/v1/session", strings.NewReader(string(body)))
	must(err)
	request.Header.Set("Origin", url)
	request.Header.Set("X-Requested-With", "vedette")
	client := http.Client{Transport: &http.Transport{TLSClientConfig: settings()}, Timeout: 10 * time.Second}
	answer, err := client.Do(request)
	must(err)
	defer answer.Body.Close()
	return strings.Split(answer.Header.Get("Set-Cookie"), ";")[0]
}

// A write buffer of 16 bytes makes several fragments of each of our messages.
func connect(cookie string) (*websocket.Conn, *http.Response) {
	dialer := websocket.Dialer{TLSClientConfig: settings(), Subprotocols: []string{"vedette.live.v1"}, EnableCompression: compression == "deflate", WriteBufferSize: 16}
	socket, answer, err := dialer.Dial(strings.Replace(url, "https:", "wss:", 1)+"/api/v1/live", http.Header{"Cookie": {cookie}, "Origin": {url}})
	must(err)
	return socket, answer
}

func receive(socket *websocket.Conn, wanted string) message {
	for {
		var one message
		must(socket.SetReadDeadline(time.Now().Add(10 * time.Second)))
		must(socket.ReadJSON(&one))
		if wanted == "" || one.Type == wanted {
			return one
		}
	}
}

// Reads to the end, which is a close frame.
func end(socket *websocket.Conn) *websocket.CloseError {
	must(socket.SetReadDeadline(time.Now().Add(60 * time.Second)))
	for {
		if _, _, err := socket.ReadMessage(); err != nil {
			closed, ok := err.(*websocket.CloseError)
			if !ok {
				log.Fatal(err)
			}
			return closed
		}
	}
}

func main() {
	cookie := logIn()
	socket, answer := connect(cookie)
	say("subprotocol", socket.Subprotocol(), "compressed", strings.Contains(answer.Header.Get("Sec-Websocket-Extensions"), "permessage-deflate"))
	must(socket.WriteMessage(websocket.TextMessage, []byte(`{"op":"subscribe","topics":["fleet"]}`)))
	snapshot := receive(socket, "")
	say("first", snapshot.Type, "topic", snapshot.Topic, "rows", len(snapshot.Rows))
	say("then", receive(socket, "delta").Topic)
	ponged := false
	socket.SetPongHandler(func(data string) error { ponged = data == "are you there"; return nil })
	must(socket.WriteControl(websocket.PingMessage, []byte("are you there"), time.Now().Add(time.Second)))
	for !ponged {
		receive(socket, "")
	}
	say("pong", true)
	must(socket.WriteMessage(websocket.TextMessage, []byte(`{"op":"dance"}`)))
	say("error", receive(socket, "error").Message)
	other, _ := connect(cookie)
	must(other.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, "enough"), time.Now().Add(time.Second)))
	say("closed", end(other).Code)
	say("waiting", true)
	closed := end(socket)
	say("ended", closed.Code, "reason", closed.Text)
}
