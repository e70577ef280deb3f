import { expect, it } from 'vitest'
import { glance } from '../../src-main/shim/glance.ts'
import type { Glance } from '../../src-main/shim/glance.ts'

const request = (id: string, method: string): Glance => ({
  kind: 'request',
  id,
  method,
  isError: false,
})
const response = (id: string, isError = false): Glance => ({
  kind: 'response',
  id,
  method: '',
  isError,
})
const notification = (method: string): Glance => ({
  kind: 'notification',
  id: '',
  method,
  isError: false,
})
const long = 'x'.repeat(100)

it.each<[string, Glance | undefined]>([
  // As clients and servers write them, one way or the other.
  ['{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"id":2}}', request('1', 'tools/call')],
  ['{"jsonrpc":"2.0","id":1,"method":"ping"}', request('1', 'ping')],
  ['{"method":"tools/call","params":{"id":2},"jsonrpc":"2.0","id":3}', request('3', 'tools/call')],
  ['{"method":"ping","jsonrpc":"2.0","id":3}', request('3', 'ping')],
  ['{"jsonrpc":"2.0","id":4,"result":{"method":"ping"}}', response('4')],
  ['{"result":{"method":"ping"},"jsonrpc":"2.0","id":5}', response('5')],
  [
    '{"jsonrpc":"2.0","method":"notifications/x","params":{"id":1}}',
    notification('notifications/x'),
  ],
  ['{"method":"notifications/x","jsonrpc":"2.0"}', notification('notifications/x')],
  ['{"jsonrpc":"2.0","id":6,"error":{"code":1,"message":""}}', response('6', true)],
  ['{"error":{"code":1,"message":""},"jsonrpc":"2.0","id":6}', response('6', true)],
  // What looks like it further in.
  [
    '{"method":"notifications/x","params":{"a":{"b":1,"jsonrpc":"2.0","id":7}}}',
    notification('notifications/x'),
  ],
  [
    '{"method":"a","params":{"s":"\\",\\"jsonrpc\\":\\"2.0\\",\\"id\\":7}"},"jsonrpc":"2.0","id":8}',
    request('8', 'a'),
  ],
  ['{"result":{"b":1,"jsonrpc":"2.0","id":7},"jsonrpc":"2.0","id":9}', response('9')],
  // Written in other ways; an id is read alike in the request and in its answer.
  ['{"jsonrpc":"2.0","id":"1","method":"ping"}', request('"1"', 'ping')],
  ['{"jsonrpc":"2.0","id":1e1,"method":"ping"}', request('10', 'ping')],
  ['{"jsonrpc":"2.0","id":-1,"method":"ping"}', request('-1', 'ping')],
  [
    '{"jsonrpc":"2.0","id":12345678901234567890,"method":"ping"}',
    request('12345678901234567890', 'ping'),
  ],
  ['{"jsonrpc":"2.0","id":"\\u0061","method":"ping"}', request('"a"', 'ping')],
  ['{"jsonrpc":"2.0","id":1,"method":"caf\\u00e9"}', request('1', 'café')],
  ['{"jsonrpc":"2.0","id":1,"method":"café/x"}', request('1', 'café/x')],
  [`{"jsonrpc":"2.0","id":1,"method":"${long}"}`, request('1', long)],
  [`{"method":"${long}","jsonrpc":"2.0","id":1}`, request('1', long)],
  [' { "jsonrpc" : "2.0" , "id" : 1 , "method" : "ping" } ', request('1', 'ping')],
  ['{"jsonrpc":"2.0","id":1,"result":"text"}', response('1')],
  // No message of the protocol.
  ['', undefined],
  ['[1,2]', undefined],
  ['{}', undefined],
  ['{"jsonrpc":"2.0","id":1}', undefined],
  ['{"jsonrpc":"2.0","id":1,"method":"ping"', undefined],
])('%s', (text, seen) => {
  expect(glance(Buffer.from(text))).toEqual(seen)
})
