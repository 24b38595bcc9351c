import { expect, test } from "vitest";
import { type Message, MessageParser } from "./sse";

function read(pieces: string[]): Message[] {
  const parser = new MessageParser();
  return pieces.flatMap((piece) => parser.push(piece));
}

const stream = ': heartbeat\n\nid: 7\nevent: log\ndata: {"a":1}\n\ndata: one\ndata: two\n\nevent: nothing\n\n';
const expected = [
  { id: "7", event: "log", data: '{"a":1}' },
  { id: "7", event: "message", data: "one\ntwo" },
];

test("comments and empty events are no messages", () => {
  expect(read([stream])).toEqual(expected);
});

test("a stream is read alike however it is cut", () => {
  for (let cut = 0; cut <= stream.length; cut += 1) {
    expect(read([stream.slice(0, cut), stream.slice(cut)])).toEqual(expected);
  }
  expect(read([...stream])).toEqual(expected);
});

test("carriage returns end lines too, however they are cut", () => {
  const windows = stream.replaceAll("\n", "\r\n");
  expect(read([windows])).toEqual(expected);
  expect(read([...windows])).toEqual(expected);
});

test("an unfinished message is not given", () => {
  expect(read(["data: half\n"])).toEqual([]);
});
