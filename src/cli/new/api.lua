---@meta _
-- SPDX-License-Identifier: MIT
-- Copyright (c) 2026 The Liaison authors
--
-- What scripts, connectors and transformers find in Liaison, as annotations of LuaLS
-- (lua-language-server): an editor completes it and shows what isn't there. Nothing runs this file.
-- Make it anew after an upgrade:
--     liaison types --api > types/liaison.lua

-- ---- values -------------------------------------------------------------------------------------

---A duration: seconds, or "200ms", "1.5s", "5m", "24h", "7d".
---@alias Duration number|string

---What a secret is where it may stand: it prints as `***` and can't be data.
---@class Secret
---@operator concat(any): Secret

---JSON's null. It is true in an `if`; looking into it is an error.
---@class Null

---@type Null
null = nil

---A whole number beyond ±2^53, with all its digits. `==` holds among such numbers only.
---@class ExactNumber
---@operator add(number|ExactNumber): number|ExactNumber
---@operator sub(number|ExactNumber): number|ExactNumber
---@operator mul(number|ExactNumber): number|ExactNumber
---@operator div(number|ExactNumber): number|ExactNumber
---@operator mod(number|ExactNumber): number|ExactNumber
---@operator pow(number|ExactNumber): number|ExactNumber
---@operator unm: number|ExactNumber
---@operator concat(any): string

-- ---- auth ---------------------------------------------------------------------------------------

---@class BasicAuth
---@field user string|Secret
---@field password string|Secret

---Client credentials: a token is asked for, and shared by all that have the same.
---@class OAuth2
---@field tokenUrl string|Secret
---@field clientId string|Secret
---@field clientSecret string|Secret
---@field scope? string|Secret
---@field params? table<string, string|Secret> more of what is asked with, as `audience`
---@field credentialsIn? "header"|"body"

---AWS Signature Version 4.
---@class SigV4
---@field key string|Secret
---@field secret string|Secret
---@field region string|Secret
---@field service string|Secret
---@field token? string|Secret of a session

---PEM files, by their paths: `cert` and `key` together, or `ca` alone.
---@class TlsIdentity
---@field cert? string
---@field key? string
---@field ca? string in place of the system's authorities

---Who requests come from. Of bearer, basic, oauth2 and sigv4 only one can stand.
---@class Auth
---@field bearer? string|Secret
---@field basic? BasicAuth
---@field oauth2? OAuth2
---@field sigv4? SigV4
---@field sign? string|Secret|(string|Secret)[] Standard Webhooks
---@field tls? TlsIdentity

-- ---- events and handlers ------------------------------------------------------------------------

---What happened, in CloudEvents' terms. Extension attributes stand beside these fields.
---@class Event
---@field id string
---@field type string
---@field source string
---@field subject? string
---@field time? string as the sender wrote it
---@field key? string what orders it: `partitionkey`, else the subject, else data.id
---@field data any decoded where it is JSON, else a string
---@field specversion? string
---@field datacontenttype? string
---@field dataschema? string
---@field [string] any

---@class ManagerOptions
---@field eventBusUrl? string|Secret `http://…` (server-sent events); `"embedded"` or nothing: POST /events
---@field name? string what the channel is called
---@field headers? table<string, string|number|Secret>
---@field auth? Auth|false who subscribes, and posts dead letters
---@field deadLetters? boolean false: dead letters aren't published on this bus

---@class HandlerOptions
---@field name? string
---@field key? fun(event: Event): string|number|nil
---@field filter? fun(event: Event): any false, nil or null: the handler doesn't run

---@class SendOptions
---@field connector string
---@field data any `null` where nothing is meant
---@field key? string|number|ExactNumber
---@field transformer? string in place of the connector's
---@field delay? Duration the first attempt is made so much later
---@field expires? Duration then it is given up

---A delivery that was handed over. It is on its way when the handler has ended.
---@class SentDelivery
---@field id string
---@field connector string
---@field key? string
local SentDelivery = {}

---Why a delivery wasn't delivered.
---@class DeliveryFailure
---@field cause "refused"|"exhausted"|"expired"|"script"|"limit"|"skipped"|"dropped"|"superseded"
---@field error string
---@field attempts integer

---Waits until the delivery has ended: what its connector returned, or nil and why it wasn't delivered.
---@return any returned
---@return DeliveryFailure failure
function SentDelivery:await() end

---@class SyncManager
---@field on fun(self: SyncManager, type: string, handler: fun(event: Event))
---@field on fun(self: SyncManager, type: string, options: HandlerOptions, handler: fun(event: Event))
SyncManager = {}

---@param options ManagerOptions
---@return SyncManager
function SyncManager.new(options) end

---Hands over one delivery, durably, within a handler.
---@param options SendOptions
---@return SentDelivery
function SyncManager:send(options) end

---Comes last: the channel opens when all its managers have called it.
function SyncManager:start() end

-- ---- connectors and transformers ----------------------------------------------------------------

---A connector's second argument.
---@class Delivery
---@field id string the same over all attempts: the `Idempotency-Key`
---@field attempt integer 1 for the first
---@field event Event
---@field key? string
---@field connector string
---@field handler string
---@field createdAt string
---@field lastError? string

---@class RetryPolicy
---@field attempts? integer without it the age is the only end
---@field base? Duration
---@field growth? "constant"|"linear"|"exponential"
---@field factor? number
---@field cap? Duration
---@field jitter? boolean
---@field age? Duration

---@class Breaker
---@field failures? integer
---@field open? Duration

---@alias StatusWord "accept"|"retry"|"refuse"|"pause"

---The second argument of a connector's `send` that takes batches.
---@class DeliveryBatch
---@field id string the `Idempotency-Key`; the same for as long as it is tried again with these rows
---@field attempt integer the most of its rows' attempts
---@field connector string
---@field createdAt string of the oldest row
---@field lastError? string
---@field deliveries Delivery[] in the order of the list

---@class BatchPolicy
---@field size? integer rows
---@field bytes? string|number of JSON
---@field wait? Duration of the first row

---@alias Transformer fun(data: any, event: Event): any

---What a file of connectors/ returns, where it isn't the bare function.
---@class Connector
---@field send fun(data: any, delivery: Delivery): any with `batch`: of a list and a DeliveryBatch
---@field transformer? string|Transformer|(string|Transformer)[]
---@field timeout? Duration
---@field retry? RetryPolicy
---@field order? "key"|"none"
---@field coalesce? boolean true: of what waits of one handler and key only the newest is sent
---@field onDead? "next"|"park" "park": a dead letter keeps what stands behind it in the order of its key
---@field concurrency? "auto"|integer
---@field rate? string|false "50/s", "1000/m", "10/h"
---@field breaker? Breaker|false
---@field batch? BatchPolicy|boolean
---@field statuses? table<integer|string, StatusWord>|fun(answer: HttpAnswer): StatusWord? by status or class ("4xx"), before the table of outcomes
---@field verify? fun(data: any, delivery: Delivery): boolean whether what was written and never answered is there
---@field auth? Auth|false who its requests come from

---Ends the run: nothing is to be done. Counted as skipped.
---@param reason string
function skip(reason) end

---Ends the run: it is tried again, after that time or by the policy.
---@param reason string
---@param options? { after?: Duration, items?: any[] } `items`: rows of a batch; all others count as delivered
function retry(reason, options) end

---Ends the run: a dead letter, cause `refused`. A batch is split to find its bad rows.
---@param reason string
---@param options? { items: any[] } rows of a batch; all others count as delivered: only where the receiver took them
function reject(reason, options) end

-- ---- http ---------------------------------------------------------------------------------------

---@class httplib
http = {}

---@class HttpOptions
---@field json? any the body, as JSON
---@field body? string the body as it is
---@field form? table<string, any> the body, as a form
---@field query? table<string, any>
---@field headers? table<string, string|number|Secret|false>
---@field timeout? Duration
---@field accept? integer|string|(integer|string)[] statuses that are no errors, besides 2xx
---@field auth? Auth|false who it comes from, in place of the connector's
---@field follow? boolean|integer redirects to follow
---@field compress? boolean
---@field cache? Duration of http.get: an answer that is no older is taken in place of a new one

---@class HttpAnswer
---@field status integer
---@field headers table<string, string> found in any case
---@field body string
---@field json any the body decoded; nil where it isn't JSON

---What http raises: `pcall(http.get, url)` gives it.
---@class HttpError: HttpAnswer
---@field outcome? "retry"|"refuse"|"pause" what the connector's `statuses` say of the answer
---@field code "status"|"connect"|"dns"|"tls"|"timeout"|"broken"|"tooBig"|"url"|"token"

---@param method string
---@param url string|Secret
---@param options? HttpOptions
---@return HttpAnswer
function http.request(method, url, options) end

---@param url string|Secret
---@param options? HttpOptions
---@return HttpAnswer
function http.get(url, options) end

---@param url string|Secret
---@param options? HttpOptions
---@return HttpAnswer
function http.post(url, options) end

---@param url string|Secret
---@param options? HttpOptions
---@return HttpAnswer
function http.put(url, options) end

---@param url string|Secret
---@param options? HttpOptions
---@return HttpAnswer
function http.patch(url, options) end

---@param url string|Secret
---@param options? HttpOptions
---@return HttpAnswer
function http.delete(url, options) end

-- ---- the project --------------------------------------------------------------------------------

---A value of `settings` in liaison.lua. Missing without a default: an error at start.
---@param name string
---@param default? any
---@return any
function setting(name, default) end

---$CREDENTIALS_DIRECTORY/NAME, else the file that NAME_FILE names, else the variable NAME.
---@param name string
---@return Secret
function secret(name) end

---In a file of connectors/: `return connector "clickhouse" { url = …, table = … }`.
---@param name string
---@return fun(options: table): Connector
function connector(name) end

---The rows of data/NAME.csv or data/NAME.json by what they have in a column.
---@param name string
---@param column string
---@return table<string|number, table?>
function lookup(name, column) end

-- ---- the log ------------------------------------------------------------------------------------

---@class loglib
log = {}

---@param text string
---@param fields? table<string, any>
function log.debug(text, fields) end

---@param text string
---@param fields? table<string, any>
function log.info(text, fields) end

---@param text string
---@param fields? table<string, any>
function log.warn(text, fields) end

---@param text string
---@param fields? table<string, any>
function log.error(text, fields) end

-- ---- documents ----------------------------------------------------------------------------------

---The value at a path such as "rooms[1].no"; the default where nothing or null stands there.
---@param t any
---@param path string
---@param default? any
---@return any
function get(t, path, default) end

---Marks a table as a list, also when it is empty. The table itself.
---@generic T
---@param list T
---@return T
function array(list) end

---@class jsonlib
json = {}

---@param value any
---@return string
function json.encode(value) end

---@param text string
---@return any
function json.decode(text) end

---Of a text with a document in each line, a list; of a list, such a text.
---@param x string|any[]
---@return any[]|string
function json.lines(x) end

-- ---- documents: paths, lists and objects; see docs/HELPERS.md -----------------------------------

---Changes `t`: what is missing on the way is made.
---@param t table
---@param path string
---@param value any
---@return table
function set(t, path, value) end

---Changes `t`: without that member or element.
---@param t table
---@param path string
---@return table
function remove(t, path) end

---A list of what the function makes of each element, or of what is at that path.
---@param list any[]
---@param fn string|fun(element: any, position: integer): any
---@return any[]
function map(list, fn) end

---The elements for which the function says yes, or at whose path is neither nothing nor false.
---@param list any[]
---@param fn string|fun(element: any, position: integer): any
---@return any[]
function filter(list, fn) end

---One value of all.
---@param list any[]
---@param start any
---@param fn fun(sum: any, element: any, position: integer): any
---@return any
function fold(list, start, fn) end

---What has no value comes last.
---@param list any[]
---@param by string|fun(element: any, position: integer): any
---@param options? { desc: boolean }
---@return any[]
function sortBy(list, by, options) end

---@param list any[]
---@param by string|fun(element: any, position: integer): any
---@return table<string, any[]>
function groupBy(list, by) end

---@param list any[]
---@param by string|fun(element: any, position: integer): any
---@return table<string, any>
function indexBy(list, by) end

---@param list any[]
---@param by? string|fun(element: any, position: integer): any
---@return any[]
function unique(list, by) end

---In the order of their bytes.
---@param t table
---@return (string|integer)[]
function keys(t) end

---@param t table
---@return any[]
function values(t) end

---@param t table
---@return { key: string|integer, value: any }[]
function entries(t) end

---@param t table
---@return integer
function count(t) end

---@param t table
---@param fn fun(name: string, value: any): string?
---@param options? { deep: boolean }
---@return table
function mapKeys(t, fn, options) end

---@param t table
---@param fn fun(value: any, name: string|integer): any
---@param options? { deep: boolean }
---@return table
function mapValues(t, fn, options) end

---@param t table
---@param separator? string
---@return table
function flatten(t, separator) end

---@param t table
---@param separator? string
---@return table
function unflatten(t, separator) end

---Objects in several are merged as well. The result shares nothing with them.
---@param ... table
---@return table
function merge(...) end

---@param ... table
---@return table
function assign(...) end

-- ---- numbers ------------------------------------------------------------------------------------

---@param x any
---@return boolean
function isNumber(x) end

---A half is rounded away from zero.
---@param x number|ExactNumber
---@param digits? integer
---@return number|ExactNumber
function round(x, digits) end

---@param x any
---@param default? any
---@return number|ExactNumber
function toInteger(x, default) end

---@param x any
---@param default? any
---@return number|ExactNumber
function toNumber(x, default) end

---@param x any
---@param default? any
---@return boolean
function toBoolean(x, default) end

---@param x string|number|ExactNumber
---@param default? any
---@return ExactNumber
function decimal(x, default) end

-- ---- formats ------------------------------------------------------------------------------------

---@class csvlib
csv = {}

---@param text string
---@param options? { header?: boolean|string[], delimiter?: string }
---@return table[]
function csv.decode(text, options) end

---@param rows any[]
---@param options? { header?: boolean|string[], delimiter?: string, newline?: string }
---@return string
function csv.encode(rows, options) end

---@class xmllib
xml = {}

---@param text string
---@param options? { tree?: boolean, lists?: boolean|string[], prefixes?: boolean }
---@return table
function xml.decode(text, options) end

---@param value table
---@param options? { tree?: boolean, declaration?: boolean }
---@return string
function xml.encode(value, options) end

---@class FixedWidthColumn
---@field name? string
---@field width integer in characters
---@field align? "left"|"right"
---@field pad? string

---@class fixedWidthlib
fixedWidth = {}

---@param text string
---@param columns FixedWidthColumn[]
---@return table<string, string>[]
function fixedWidth.decode(text, columns) end

---@param rows table[]
---@param columns FixedWidthColumn[]
---@param options? { newline: string }
---@return string
function fixedWidth.encode(rows, columns, options) end

---@class UrlParts
---@field scheme? string
---@field user? string
---@field password? string|Secret
---@field host? string
---@field port? integer
---@field path? string|string[]
---@field query? table<string, any>
---@field fragment? string

---@class urllib
url = {}

---@param s string|number|Secret
---@return string|Secret
function url.encode(s) end

---@param s string
---@return string
function url.decode(s) end

---@param s string
---@return UrlParts
function url.parse(s) end

---@param parts UrlParts
---@return string|Secret
function url.build(parts) end

---@class base64lib
base64 = {}

---@param bytes string|number|Secret
---@param options? { url?: boolean, padding?: boolean }
---@return string|Secret
function base64.encode(bytes, options) end

---@param text string|Secret
---@return string|Secret
function base64.decode(text) end

---@class hexlib
hex = {}

---@param bytes string|number|Secret
---@return string|Secret
function hex.encode(bytes) end

---@param text string|Secret
---@return string|Secret
function hex.decode(text) end

---@class hashlib
hash = {}

---@param text string|number|Secret
---@param as? "hex"|"base64"|"bytes"
---@return string|Secret
function hash.sha256(text, as) end

---@param text string|number|Secret
---@param as? "hex"|"base64"|"bytes"
---@return string|Secret
function hash.sha512(text, as) end

---@param text string|number|Secret
---@param as? "hex"|"base64"|"bytes"
---@return string|Secret
function hash.sha512_256(text, as) end

---@param text string|number|Secret
---@param as? "hex"|"base64"|"bytes"
---@return string|Secret
function hash.sha1(text, as) end

---@param text string|number|Secret
---@param as? "hex"|"base64"|"bytes"
---@return string|Secret
function hash.md5(text, as) end

---@class hmaclib
hmac = {}

---@param key string|number|Secret
---@param text string|number|Secret
---@param as? "hex"|"base64"|"bytes"
---@return string
function hmac.sha256(key, text, as) end

---@param key string|number|Secret
---@param text string|number|Secret
---@param as? "hex"|"base64"|"bytes"
---@return string
function hmac.sha512(key, text, as) end

---@param key string|number|Secret
---@param text string|number|Secret
---@param as? "hex"|"base64"|"bytes"
---@return string
function hmac.sha1(key, text, as) end

-- ---- text ---------------------------------------------------------------------------------------

---Texts are UTF-8; lengths and positions count characters.
---@class textlib
text = {}

---@param s string|number
---@return string
function text.trim(s) end

---@param s string|number
---@param prefix string
---@return string
function text.trimPrefix(s, prefix) end

---@param s string|number
---@param suffix string
---@return string
function text.trimSuffix(s, suffix) end

---@param s string|number
---@param sep string "": the characters
---@param options? { limit: integer?, empty: any }
---@return any[]
function text.split(s, sep, options) end

---@param s string|number
---@param from integer
---@param to? integer
---@return string
function text.sub(s, from, to) end

---@param s string|number
---@return integer
function text.length(s) end

---@param s string|number
---@return string
function text.lower(s) end

---@param s string|number
---@return string
function text.upper(s) end

---@param s string|number
---@param part string
---@param options? { ignoreCase: boolean? }
---@return boolean
function text.contains(s, part, options) end

---@param s string|number
---@param prefix string
---@param options? { ignoreCase: boolean? }
---@return boolean
function text.startsWith(s, prefix, options) end

---@param s string|number
---@param suffix string
---@param options? { ignoreCase: boolean? }
---@return boolean
function text.endsWith(s, suffix, options) end

---@param s string|number
---@param old string
---@param new string
---@param n? integer
---@return string
function text.replace(s, old, new, n) end

---@param s string|number
---@param width integer
---@param fill? string
---@param side? "right"|"left"|"both"
---@return string
function text.pad(s, width, fill, side) end

-- ---- regex --------------------------------------------------------------------------------------

---Perl's regular expressions, on characters.
---@class regexlib
regex = {}

---`m[0]` is the whole of it, `m[1]` the first group, `m.NAME` a named one.
---@class RegexMatch
---@field groups table<string, string> the named ones
---@field from integer
---@field to integer
---@field [string] any

---@param s string|number
---@param pattern string
---@return RegexMatch?
function regex.find(s, pattern) end

---Strings where the pattern has no groups, else tables as of `find`.
---@param s string|number
---@param pattern string
---@return any[]
function regex.findAll(s, pattern) end

---@param s string|number
---@param pattern string
---@param by string|fun(match: any): (string|nil)
---@param n? integer
---@return string
function regex.replace(s, pattern, by, n) end

---@param s string|number
---@param pattern string
---@return string[]
function regex.split(s, pattern) end

-- ---- time ---------------------------------------------------------------------------------------

---Times are instants; where one is taken, RFC 3339 text is, too.
---@class timelib
time = {}

---An instant. It is sent and shown as RFC 3339 text in UTC.
---@class Time

---"Europe/Berlin", "UTC" or "+01:00"; UTC where it isn't given.
---@alias Zone string

---@return Time
function time.now() end

---@param s string
---@param format? string as in "%Y-%m-%d %H:%M"
---@param zone? Zone what it means without an offset
---@return Time
function time.parse(s, format, zone) end

---@param t Time|string
---@param format string
---@param zone? Zone
---@return string
function time.format(t, format, zone) end

---@param t Time|string
---@param zone? Zone
---@return string
function time.iso(t, zone) end

---@param t Time|string
---@param unit? "s"|"ms"|"us"|"ns"
---@return number
function time.unix(t, unit) end

---@param n number|ExactNumber
---@param unit? "s"|"ms"|"us"|"ns"
---@return Time
function time.fromUnix(n, unit) end

---@param t Time|string
---@param duration Duration or one of ISO 8601, "P1M"
---@param zone? Zone
---@return Time
function time.add(t, duration, zone) end

---@param a Time|string
---@param b Time|string
---@return number seconds from b to a
function time.diff(a, b) end

---@param s Duration
---@return number seconds
function time.duration(s) end

-- ---- uuid ---------------------------------------------------------------------------------------

---@class uuidlib
uuid = {}

---@return string random
function uuid.v4() end

---@return string beginning with the time, so that they sort by it
function uuid.v7() end

---@param namespace string a UUID, or "dns", "url", "oid", "x500"
---@param name string|number
---@return string the same for the same name
function uuid.v5(namespace, name) end

-- ---- ical ---------------------------------------------------------------------------------------

---iCalendar (RFC 5545).
---@class icallib
ical = {}

---`"mailto:ann@example.com"`, or its address and parameters.
---@alias CalendarPerson string|{ address: string, [string]: any }

---@class CalendarProperty
---@field name string
---@field value string as it stands in the text
---@field params? table<string, string|string[]>

---@class CalendarComponent
---@field name string
---@field properties? CalendarProperty[]
---@field components? CalendarComponent[]

---@class CalendarEvent
---@field uid string
---@field start Time|string "2026-11-23" is a whole day
---@field end? Time|string
---@field duration? string in place of `end`: "PT1H"
---@field zone? Zone that the times are written in, and kept to when clocks are set
---@field floating? boolean
---@field summary? string
---@field description? string
---@field location? string
---@field comment? string
---@field contact? string
---@field stamp? Time|string now where it isn't given
---@field created? Time|string
---@field modified? Time|string
---@field recurrence? Time|string
---@field sequence? integer
---@field priority? integer
---@field status? string
---@field class? string
---@field transparency? string
---@field url? string
---@field geo? string
---@field categories? string[]
---@field organizer? CalendarPerson
---@field attendees? CalendarPerson[]
---@field repeats? string "FREQ=WEEKLY;COUNT=4"
---@field except? (Time|string)[]
---@field alarms? { before: Duration, description: string? }[]
---@field properties? CalendarProperty[]
---@field components? CalendarComponent[]

---@class Calendar
---@field events? CalendarEvent[]
---@field method? string
---@field product? string
---@field properties? CalendarProperty[]
---@field components? CalendarComponent[]

---@param event CalendarEvent
---@return string
function ical.event(event) end

---@param calendar Calendar
---@return string
function ical.encode(calendar) end

---@param s string
---@return Calendar
function ical.decode(s) end

-- ---- what is left of Lua's os -------------------------------------------------------------------

---@class oslib
os = {}

---@return number
function os.clock() end

---@param format? string
---@param time? number
---@return string|table
function os.date(format, time) end

---@param later number
---@param earlier number
---@return number
function os.difftime(later, earlier) end

---@param date? table
---@return integer
function os.time(date) end

-- ---- in specs alone: tests/*.lua ----------------------------------------------------------------

---@param name string
---@param body fun()
function describe(name, body) end

---@param name string
---@param body fun()
function it(name, body) end

---@param body fun()
function before(body) end

---@param body fun()
function beforeEach(body) end

---A request as a connector or handler made it.
---@class MadeRequest
---@field method string
---@field url string
---@field headers table<string, string>
---@field json? any what it carries, where that is JSON
---@field body? string else

---What became of a send, an attempt or a handler's run.
---@class Ended
---@field outcome "delivered"|"skipped"|"retry"|"dead"|"pause"
---@field cause? string
---@field reason? string
---@field log table[]

---@class MadeSend: Ended
---@field connector string
---@field data any
---@field key? string
---@field transformer? string
---@field delay? number
---@field expires? number
---@field handler string
---@field id string
---@field requests MadeRequest[]

---@class MadeRun: Ended
---@field name string
---@field filtered boolean
---@field requests MadeRequest[]
---@field sends MadeSend[]

---@class MadeSends
---@field [integer] MadeSend
---@field handlers MadeRun[]

---@class MadeRequests: Ended
---@field [integer] MadeRequest
---@field id string

---@class GivenEvent
---@field type string
---@field data? any
---@field key? string
---@field [string] any

---@class DeliverOptions
---@field event? GivenEvent
---@field key? string
---@field transformer? string
---@field unknown? boolean as after an attempt that was never answered: `verify` is asked

---What the handlers of an event send.
---@param event GivenEvent
---@return MadeSends
function handle(event) end

---The requests that one attempt of a connector makes.
---@param connector string
---@param data any
---@param options? DeliverOptions
---@return MadeRequests
function deliver(connector, data, options) end

---@param name string
---@return fun(data: any, event?: table): any
function transformer(name) end

---What time it is: clock "2026-03-29T00:30:00Z".
---@param time string
function clock(time) end

---@class FakeAnswer
---@field status? integer 200 unless said otherwise
---@field json? any
---@field body? string
---@field headers? table<string, string>
---@field failure? "connect"|"dns"|"tls"|"timeout"|"broken"

---What requests get; * in `method` and `url` stands for anything.
---@param method string
---@param url string
---@param answer integer|FakeAnswer|fun(request: MadeRequest): integer|FakeAnswer
function http.fake(method, url, answer) end

---@class Expectation
---@field never Expectation
---@field equals fun(self: Expectation, other: any): Expectation
---@field is fun(self: Expectation, other: any): Expectation
---@field contains fun(self: Expectation, part: any): Expectation
---@field matches fun(self: Expectation, pattern: string): Expectation
---@field isNil fun(self: Expectation): Expectation
---@field isNull fun(self: Expectation): Expectation
---@field isTrue fun(self: Expectation): Expectation
---@field isFalse fun(self: Expectation): Expectation
---@field hasLength fun(self: Expectation, n: integer): Expectation
---@field raises fun(self: Expectation, text?: string): Expectation

---@param value any
---@return Expectation
function expect(value) end
