-- One call of a set of changes, all or nothing. KEYS[1] is the head.
--
-- ARGV: generation epoch owner batch base rev, then lists, each with its length in front:
--   item keys to drop · item keys that must be there · keys that are no tombstones any more · tombstones (rev key ...)
--   indexes: their number, and for each: key, "new" or "", list (rev id ...), list (id ...)
--   events (stream id, channel, event, ...)
--   items: their number, and for each a list (key field value ...)
--   history: their number, and for each a list (key, stream id, field value ...)
--   problems (path json ...) · paths without problems · control events · head (field value ...) · head fields to drop
--
-- Nothing is written before everything that can fail was looked at: the first writes are one that an exhausted memory
-- refuses and one that a stream with later ids refuses, and neither changes what a reader sees.
local call, try = redis.call, redis.pcall
local head = KEYS[1]
local prefix = string.sub(head, 1, -5)
local changes, deleted, problems = prefix .. 'changes', prefix .. 'deleted', prefix .. 'problems'
local control = prefix .. 'events:control'

local function wrong(key, want)
	local found = call('TYPE', key).ok
	return found ~= want and found ~= 'none'
end

local function wrong_type(key)
	return redis.error_reply('TYPE ' .. key .. ' is a ' .. call('TYPE', key).ok)
end

if wrong(head, 'hash') then return wrong_type(head) end
local h = call('HMGET', head, 'generation', 'epoch', 'owner', 'batch', 'batch_base', 'rev')
if not h[1] then return redis.error_reply('NOSTATE the head is absent') end
if h[1] ~= ARGV[1] then return redis.error_reply('GENERATION is ' .. h[1]) end
if h[2] ~= ARGV[2] or h[3] ~= ARGV[3] then return redis.error_reply('FENCED by epoch ' .. tostring(h[2])) end
if h[4] == ARGV[4] and h[5] == ARGV[5] then return {'DUP', ARGV[5], ARGV[6]} end
if h[6] ~= ARGV[5] then return redis.error_reply('BASE rev is ' .. tostring(h[6])) end

local at = 7
local function number()
	at = at + 1
	return tonumber(ARGV[at - 1])
end
-- First and last place of a list; the last is smaller when it is empty.
local function list()
	local n = number()
	at = at + n
	return at - n, at - 1
end

local drop, drop_end = list()
local there, there_end = list()
local alive, alive_end = list()
local dead, dead_end = list()
local indexes = {}
for i = 1, number() do
	local key, new = ARGV[at], ARGV[at + 1] == 'new'
	at = at + 2
	local put, put_end = list()
	local gone, gone_end = list()
	indexes[i] = {key, new, put, put_end, gone, gone_end}
	if not new and wrong(key, 'zset') then return wrong_type(key) end
end
if wrong(changes, 'stream') then return wrong_type(changes) end
if wrong(deleted, 'zset') then return wrong_type(deleted) end
if wrong(problems, 'hash') then return wrong_type(problems) end
for i = there, there_end do
	local found = call('TYPE', ARGV[i]).ok
	if found == 'none' then return redis.error_reply('NOITEM ' .. ARGV[i]) end
	if found ~= 'hash' then return wrong_type(ARGV[i]) end
end

call('HSET', head, 'schema', '1')
local events, events_end = list()
for i = events, events_end, 3 do
	local r = try('XADD', changes, 'MAXLEN', '~', '100000', ARGV[i], 'event', ARGV[i + 2])
	if type(r) == 'table' and r.err then return redis.error_reply('STREAM ' .. r.err) end
end

if drop <= drop_end then call('DEL', unpack(ARGV, drop, drop_end)) end
for _ = 1, number() do
	call('HSET', unpack(ARGV, list()))
end
for _ = 1, number() do
	local from, to = list()
	local r = try('XADD', ARGV[from], 'MAXLEN', '20', unpack(ARGV, from + 1, to))
	if type(r) == 'table' and r.err then
		-- What a lost life left there.
		call('DEL', ARGV[from])
		call('XADD', ARGV[from], unpack(ARGV, from + 1, to))
	end
end
for _, x in ipairs(indexes) do
	if x[2] then call('DEL', x[1]) end
	if x[3] <= x[4] then call('ZADD', x[1], unpack(ARGV, x[3], x[4])) end
	if x[5] <= x[6] then call('ZREM', x[1], unpack(ARGV, x[5], x[6])) end
end
if alive <= alive_end and call('EXISTS', deleted) == 1 then call('ZREM', deleted, unpack(ARGV, alive, alive_end)) end
if dead <= dead_end then
	call('ZADD', deleted, unpack(ARGV, dead, dead_end))
	local over = call('ZCARD', deleted) - 100000
	if over > 0 then
		local popped = call('ZPOPMIN', deleted, math.min(over, 1000))
		for i = 1, #popped, 2 do
			call('DEL', prefix .. 'history:' .. popped[i])
		end
		call('HSET', head, 'floor', call('ZRANGE', deleted, 0, 0, 'WITHSCORES')[2])
	end
end

local put, put_end = list()
local gone, gone_end = list()
local notes, notes_end = list()
if put <= put_end then call('HSET', problems, unpack(ARGV, put, put_end)) end
if gone <= gone_end then call('HDEL', problems, unpack(ARGV, gone, gone_end)) end
call('HSET', head, 'rev', ARGV[6], 'batch', ARGV[4], 'batch_base', ARGV[5], 'problems', call('HLEN', problems),
	unpack(ARGV, list()))
local stale, stale_end = list()
if stale <= stale_end then call('HDEL', head, unpack(ARGV, stale, stale_end)) end

-- All is written: a subscriber who may not be told is no reason to fail.
local refused
for i = events, events_end, 3 do
	local r = try('PUBLISH', ARGV[i + 1], ARGV[i + 2])
	if type(r) == 'table' and r.err then refused = r.err end
end
for i = notes, notes_end do
	local r = try('PUBLISH', control, ARGV[i])
	if type(r) == 'table' and r.err then refused = r.err end
end
return {'OK', ARGV[5], ARGV[6], refused}
