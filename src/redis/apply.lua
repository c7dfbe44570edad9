-- One call of a set of changes, all or nothing. KEYS[1] is the head.
--
-- ARGV: generation epoch owner batch base rev time n replicas, then lists, each with its length in front:
--   what changes share (name value ...) · shapes
-- then n changes, each
--   shape id rev event, a value for each field of the shape that comes with the change
-- then lists again:
--   problems (path json ...) · paths without problems · control events · head (field value ...) · head fields to drop
-- A shape is what many changes are alike in; a change names it by its place in the list, the first is 0:
--   op type number names...
-- op is created, updated, deleted, or patched: an update that leaves the item's other fields as they are. So many names as
-- number says are of fields of the item and its history, the others of the item only; = before a name: its value is shared.
-- replicas: so many must follow closely, or nothing is written.
--
-- Nothing is written before everything that can fail was looked at: the first writes are one that an exhausted memory
-- refuses and one that a stream with later ids refuses, and neither changes what a reader sees.
local call, try, ARGV, type, unpack = redis.call, redis.pcall, ARGV, type, unpack
local head = KEYS[1]
local prefix = string.sub(head, 1, -5)
local changes, deleted, problems = prefix .. 'changes', prefix .. 'deleted', prefix .. 'problems'
local history = prefix .. 'history:'
local channel = prefix .. 'events:'
local time = ARGV[7]

-- An error reply when the key is there and of another type.
local function wrong(key, want)
	local found = call('TYPE', key).ok
	if found ~= want and found ~= 'none' then return redis.error_reply('TYPE ' .. key .. ' is a ' .. found) end
end

local err = wrong(head, 'hash')
if err then return err end
local h = call('HMGET', head, 'generation', 'epoch', 'owner', 'batch', 'batch_base', 'rev')
if not h[1] then return redis.error_reply('NOSTATE the head is absent') end
if h[1] ~= ARGV[1] then return redis.error_reply('GENERATION is ' .. h[1]) end
if h[2] ~= ARGV[2] or h[3] ~= ARGV[3] then return redis.error_reply('FENCED by epoch ' .. tostring(h[2])) end
if h[4] == ARGV[4] and h[5] == ARGV[5] then return {'DUP', ARGV[5], ARGV[6]} end
if h[6] ~= ARGV[5] then return redis.error_reply('BASE rev is ' .. tostring(h[6])) end

-- While a cluster moves the slot, a key that is not there yet would be refused in the middle of what follows.
local absent = try('EXISTS', prefix .. 'absent')
if type(absent) == 'table' then return redis.error_reply('TRYAGAIN the slot of the catalog is being moved') end

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

err = wrong(changes, 'stream') or wrong(deleted, 'zset') or wrong(problems, 'hash')
if err then return err end

local at = 10
-- First and last place of a list; the last is smaller when it is empty.
local function list()
	local n = ARGV[at]
	at = at + 1 + n
	return at - n, at - 1
end

local shared = {}
local from, to = list()
for i = from, to, 2 do
	shared[ARGV[i]] = ARGV[i + 1]
end

local types = {}
local function type_of(name)
	local t = types[name]
	if not t then
		t = {item = prefix .. 'item:' .. name .. '/', history = history .. name .. '/', index = prefix .. 'index:' .. name,
			channel = channel .. name, scores = {}}
		types[name] = t
		-- A type without a revision has no index yet: one that is there is a leftover, whatever its type.
		if call('HEXISTS', head, 'type_rev:' .. name) == 1 then err = err or wrong(t.index, 'zset') end
	end
	return t
end

-- row: names and values, the history's first, for the change at hand; slots: where in it the change's own values go.
local shapes = {}
from, to = list()
for i = from, to do
	local op, kind, number, names = string.match(ARGV[i], '^(%l+) (%S+) (%d+)(.*)$')
	local row, slots = {'op', op == 'patched' and 'updated' or op, 'time', time}, {}
	for equal, name in string.gmatch(names, ' (=?)([%w_]+)') do
		local n = #row
		row[n + 1], row[n + 2] = name, equal == '=' and shared[name] or ''
		if equal == '' then slots[#slots + 1] = n + 2 end
	end
	local s = {op = op, kind = kind, type = type_of(kind), row = row, slots = slots, both = 4 + 2 * number, all = #row}
	if op == 'created' then
		row[s.all + 1], row[s.all + 2], row[s.all + 3], row[s.all + 4] = 'created_rev', '', 'created_at', time
		s.all, s.created_rev = s.all + 4, s.all + 2
	end
	shapes[tostring(i - from)] = s
end
if err then return err end

local count = tonumber(ARGV[8])
local draft = history .. '/draft'
local places, keys, gone = {}, {}, {draft} -- where each change stands; its item; what is written anew or goes
for n = 1, count do
	local s = shapes[ARGV[at]]
	local key = s.type.item .. ARGV[at + 1]
	places[n], keys[n] = at, key
	s.type.rev = ARGV[at + 2]
	if s.op == 'patched' then
		if call('EXISTS', key) == 0 then return redis.error_reply('NOITEM ' .. key) end
		err = wrong(key, 'hash')
		if err then return err end
	else
		gone[#gone + 1] = key
	end
	at = at + 4 + #s.slots
end

call('HSET', head, 'schema', '1')
for n = 1, count do
	local i = places[n]
	local rev, event, r = ARGV[i + 2], ARGV[i + 3]
	if n < count then
		r = try('XADD', changes, rev, 'event', event)
	else
		r = try('XADD', changes, 'MAXLEN', '~', '100000', rev, 'event', event)
	end
	if type(r) == 'table' then
		-- Redis has no word of its own for an id that is too small. Whatever else is wrong goes as it is.
		return redis.error_reply((string.find(r.err, 'equal or smaller', 1, true) and 'STREAM ' or '') .. r.err)
	end
end

local tombstones = call('EXISTS', deleted) == 1
call('DEL', unpack(gone))
for name, t in pairs(types) do
	if call('HSET', head, 'type_rev:' .. name, t.rev) == 1 then call('DEL', t.index) end
end

for n = 1, count do
	local i = places[n]
	local s, id, rev = shapes[ARGV[i]], ARGV[i + 1], ARGV[i + 2]
	local op, t, row, slots = s.op, s.type, s.row, s.slots
	for k = 1, #slots do
		row[slots[k]] = ARGV[i + 3 + k]
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
for _, t in pairs(types) do
	if t.scores[1] then call('ZADD', t.index, unpack(t.scores)) end
end
local over = call('ZCARD', deleted) - 100000
if over > 0 then
	local popped = call('ZPOPMIN', deleted, math.min(over, 1000))
	for i = 1, #popped, 2 do
		call('DEL', history .. popped[i])
	end
	call('HSET', head, 'floor', call('ZRANGE', deleted, 0, 0, 'WITHSCORES')[2])
end

from, to = list()
if from <= to then call('HSET', problems, unpack(ARGV, from, to)) end
from, to = list()
if from <= to then call('HDEL', problems, unpack(ARGV, from, to)) end
local notes, notes_end = list()
call('HSET', head, 'rev', ARGV[6], 'batch', ARGV[4], 'batch_base', ARGV[5], 'problems', call('HLEN', problems),
	unpack(ARGV, list()))
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
