-- One call of a set of changes, all or nothing; without arguments nothing at all. KEYS[1] is the head.
--
-- ARGV: generation epoch owner batch base rev time n replicas
--   number of shapes, each
--     op type history ahead own, and a list: name value ...
--   n changes, each
--     shape id rev event, and so many own values, unless it is the first with this shape: the shape has the values of that one
--   lists
--     problems (path json ...) · paths without problems · control events · head (field value ...) · head fields to drop
-- A list has its length in front. A shape is what many changes are alike in; a change names it by its place, the first is 1.
-- op is created, updated, deleted, or patched: an update that leaves the item's other fields as they are. Of a shape's list the
-- first so many words as history says are the history's, too, and so many as ahead says stand before the change's own values.
-- replicas: so many must follow closely, or nothing is written.
--
-- Nothing is written before everything that can fail was looked at: the first write is one that an exhausted memory refuses,
-- and, where there are changes, one that a stream with later ids refuses, and a key that is no stream. A save finds all of
-- this in no cache of the processor: what it waits for are commands, and different ones more than many.
local call, try, ARGV, type, unpack = redis.call, redis.pcall, ARGV, type, unpack
local head = KEYS[1]
local prefix = string.sub(head, 1, -5)
local changes, deleted, problems = prefix .. 'changes', prefix .. 'deleted', prefix .. 'problems'
local history = prefix .. 'history:'
local channel = prefix .. 'events:'
local time = ARGV[7]

-- The type of a key, and an error reply when it is there and another than wanted.
local function look(key, want)
	local found = call('TYPE', key).ok
	if found ~= want and found ~= 'none' then return found, redis.error_reply('TYPE ' .. key .. ' is a ' .. found) end
	return found
end

local fields = {'generation', 'epoch', 'owner', 'batch', 'batch_base', 'rev'}
local others = #fields
local types, of_name = {}, {}
local function type_of(name)
	local t = of_name[name]
	if not t then
		t = {item = prefix .. 'item:' .. name .. '/', history = history .. name .. '/', index = prefix .. 'index:' .. name,
			channel = channel .. name, field = 'type_rev:' .. name, scores = {}}
		of_name[name], types[#types + 1], fields[#fields + 1] = t, t, t.field
	end
	return t
end

-- Called with nothing: the next call is to find in the processor's caches what every call needs.
if not ARGV[1] then
	try('HMGET', head, unpack(fields))
	look(changes, 'stream')
	return {'OK'}
end

local at = 11
-- First and last place of a list; the last is smaller when it is empty.
local function list()
	local n = ARGV[at]
	at = at + 1 + n
	return at - n, at - 1
end

-- row: names and values, the history's first, of the change at hand, which begins as the first one.
local shapes = {}
for i = 1, ARGV[10] do
	local op, kind, history_words, ahead, own = unpack(ARGV, at, at + 4)
	at = at + 5
	local from, to = list()
	local row = {'op', op == 'patched' and 'updated' or op, 'time', time, unpack(ARGV, from, to)}
	local s = {op = op, kind = kind, type = type_of(kind), row = row, both = 4 + history_words, ahead = 4 + ahead,
		own = tonumber(own), all = 5 + to - from}
	if op == 'created' then
		row[s.all + 1], row[s.all + 2], row[s.all + 3], row[s.all + 4] = 'created_rev', '', 'created_at', time
		s.all, s.created_rev = s.all + 4, s.all + 2
	end
	shapes[tostring(i)] = s
end

local h = try('HMGET', head, unpack(fields))
if h.err then
	local _, err = look(head, 'hash')
	return err or h
end
if not h[1] then return redis.error_reply('NOSTATE the head is absent') end
if h[1] ~= ARGV[1] then return redis.error_reply('GENERATION is ' .. h[1]) end
if h[2] ~= ARGV[2] or h[3] ~= ARGV[3] then return redis.error_reply('FENCED by epoch ' .. tostring(h[2])) end
if h[4] == ARGV[4] and h[5] == ARGV[5] then return {'DUP', ARGV[5], ARGV[6]} end
if h[6] ~= ARGV[5] then return redis.error_reply('BASE rev is ' .. tostring(h[6])) end

-- While a cluster moves the slot, a key that is not there yet would be refused in the middle of what follows.
if try('TYPE', prefix .. 'absent').err then return redis.error_reply('TRYAGAIN the slot of the catalog is being moved') end

-- As Redis itself counts them for min-replicas-to-write: heard of within the last 10 s.
local replicas = tonumber(ARGV[9])
if replicas > 0 then
	local info, n = try('INFO', 'replication'), 0
	if type(info) == 'table' then return redis.error_reply('NOPERM min_replicas needs the right to INFO') end
	for lag in string.gmatch(info, 'state=online,offset=%d+,lag=(%d+)') do
		if tonumber(lag) <= 10 then n = n + 1 end
	end
	if n < replicas then return redis.error_reply('NOREPLICAS ' .. n .. ' of ' .. ARGV[9] .. ' replicas follow') end
end

local found, err = look(problems, 'hash')
if err then return err end
found, err = look(deleted, 'zset')
if err then return err end
local tombstones = found ~= 'none'
local gone = {} -- keys that go, or are written anew
for i, t in ipairs(types) do
	if h[others + i] then
		found, err = look(t.index, 'zset')
		if err then return err end
	else
		-- A type without a revision has no index yet: one that is there is a leftover, whatever its type.
		gone[#gone + 1] = t.index
	end
end

local count = tonumber(ARGV[8])
local draft = history .. '/draft'
local places, keys = {}, {} -- where each change stands, its item
local created, buried = 0, 0
for n = 1, count do
	local s = shapes[ARGV[at]]
	local key = s.type.item .. ARGV[at + 1]
	places[n], keys[n] = at, key
	s.type.rev = ARGV[at + 2]
	if s.op == 'patched' then
		found, err = look(key, 'hash')
		if err then return err end
		if found == 'none' then return redis.error_reply('NOITEM ' .. key) end
	else
		gone[#gone + 1] = key
		if s.op == 'created' then created = created + 1 end
		if s.op == 'deleted' then buried = buried + 1 end
	end
	at = at + 4
	if s.first then
		at = at + s.own
	else
		s.first = n
	end
end
if created > 0 then gone[#gone + 1] = draft end
local put, put_end = list()
local mended, mended_end = list()

if count == 0 then
	found, err = look(changes, 'stream')
	if err then return err end
	call('HSET', head, 'schema', '1')
end
for n = 1, count do
	local i = places[n]
	local rev, event, r = ARGV[i + 2], ARGV[i + 3]
	if n < count then
		r = try('XADD', changes, rev, 'event', event)
	else
		r = try('XADD', changes, 'MAXLEN', '~', '100000', rev, 'event', event)
	end
	if type(r) == 'table' then
		found, err = look(changes, 'stream')
		-- Redis has no word of its own for an id that is too small. Whatever else is wrong goes as it is.
		return err or redis.error_reply((string.find(r.err, 'equal or smaller', 1, true) and 'STREAM ' or '') .. r.err)
	end
end

if gone[1] then call('DEL', unpack(gone)) end
for n = 1, count do
	local i = places[n]
	local s, id, rev = shapes[ARGV[i]], ARGV[i + 1], ARGV[i + 2]
	local op, t, row = s.op, s.type, s.row
	if s.first ~= n then
		local ahead = s.ahead
		for k = 1, s.own do
			row[ahead + 2 * k] = ARGV[i + 3 + k]
		end
	end
	if op == 'deleted' then
		call('ZREM', t.index, id)
		call('ZADD', deleted, rev, s.kind .. '/' .. id)
	else
		if op == 'created' then
			row[s.created_rev] = rev
			if tombstones then call('ZREM', deleted, s.kind .. '/' .. id) end
		end
		call('HSET', keys[n], 'type', s.kind, 'id', id, 'rev', rev, 'updated_at', time, unpack(row, 5, s.all))
		local scores = t.scores
		local last = #scores
		scores[last + 1], scores[last + 2] = rev, id
	end
	local key = t.history .. id
	local copied
	if op == 'created' then
		-- Redis gives a new stream 4 KiB for its first entries, a copy of one as much as its entries need. There is nothing
		-- to copy to where a deleted item left its history.
		call('XADD', draft, rev, unpack(row, 1, s.both))
		copied = call('COPY', draft, key)
		call('DEL', draft)
	end
	if copied ~= 1 then
		local r = try('XADD', key, 'MAXLEN', '20', rev, unpack(row, 1, s.both))
		if type(r) == 'table' then
			-- What a lost life left there.
			call('DEL', key)
			call('XADD', key, rev, unpack(row, 1, s.both))
		end
	end
end

local known = {'schema', '1', 'rev', ARGV[6], 'batch', ARGV[4], 'batch_base', ARGV[5]} -- what the head gets
local function know(name, value)
	local n = #known
	known[n + 1], known[n + 2] = name, value
end
for _, t in ipairs(types) do
	if t.scores[1] then call('ZADD', t.index, unpack(t.scores)) end
	know(t.field, t.rev)
end
if buried > 0 then
	local over = call('ZCARD', deleted) - 100000
	if over > 0 then
		local popped = call('ZPOPMIN', deleted, math.min(over, 1000))
		for i = 1, #popped, 2 do
			call('DEL', history .. popped[i])
		end
		know('floor', call('ZRANGE', deleted, 0, 0, 'WITHSCORES')[2])
	end
end
if put <= put_end then call('HSET', problems, unpack(ARGV, put, put_end)) end
if mended <= mended_end then call('HDEL', problems, unpack(ARGV, mended, mended_end)) end
if put <= put_end or mended <= mended_end then know('problems', call('HLEN', problems)) end

local notes, notes_end = list()
local from, to = list()
for i = from, to, 2 do
	know(ARGV[i], ARGV[i + 1])
end
call('HSET', head, unpack(known))
from, to = list()
if from <= to then call('HDEL', head, unpack(ARGV, from, to)) end

-- All is written: a subscriber who may not be told is no reason to fail.
local refused
for n = 1, count do
	local i = places[n]
	local r = try('PUBLISH', shapes[ARGV[i]].type.channel, ARGV[i + 3])
	if type(r) == 'table' then refused = r.err end
end
for i = notes, notes_end do
	local r = try('PUBLISH', channel .. 'control', ARGV[i])
	if type(r) == 'table' then refused = r.err end
end
return {'OK', ARGV[5], ARGV[6], refused}
