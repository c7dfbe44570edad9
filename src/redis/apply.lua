-- One call of a set of changes, all or nothing. KEYS[1] is the head.
--
-- ARGV: generation epoch owner batch base rev time n replicas, then n changes, each
--   op type id rev event fields, a value for each field
-- (op is created, updated, deleted, or patched: an update that leaves the item's other fields as they are; fields is a
-- number and that many names of fields of the item and its history, then names of fields of the item only), then lists,
-- each with its length in front:
--   problems (path json ...) · paths without problems · control events · head (field value ...) · head fields to drop
-- replicas: so many must follow closely, or nothing is written.
--
-- Nothing is written before everything that can fail was looked at: the first writes are one that an exhausted memory
-- refuses and one that a stream with later ids refuses, and neither changes what a reader sees.
local call, try, ARGV = redis.call, redis.pcall, ARGV
local head = KEYS[1]
local prefix = string.sub(head, 1, -5)
local changes, deleted, problems = prefix .. 'changes', prefix .. 'deleted', prefix .. 'problems'
local item, history, index = prefix .. 'item:', prefix .. 'history:', prefix .. 'index:'
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

-- Most items have the same fields: their names come once as one word, not with every item.
local shapes = {}
local function shape(text)
	local s = shapes[text]
	if not s then
		s = {both = tonumber(string.match(text, '^%d+'))}
		for name in string.gmatch(text, '%a[%w_]*') do s[#s + 1] = name end
		shapes[text] = s
	end
	return s
end

local at, places, last = 10, {}, {} -- where each change stands; the last revision of each type
for n = 1, tonumber(ARGV[8]) do
	local kind = ARGV[at + 1]
	places[n] = at
	-- A type without a revision has no index yet: one that is there is a leftover, whatever its type.
	if not last[kind] and call('HEXISTS', head, 'type_rev:' .. kind) == 1 then
		err = wrong(index .. kind, 'zset')
		if err then return err end
	end
	last[kind] = ARGV[at + 3]
	if ARGV[at] == 'patched' then
		local key = item .. kind .. '/' .. ARGV[at + 2]
		if call('EXISTS', key) == 0 then return redis.error_reply('NOITEM ' .. key) end
		err = wrong(key, 'hash')
		if err then return err end
	end
	at = at + 6 + #shape(ARGV[at + 5])
end

call('HSET', head, 'schema', '1')
for _, i in ipairs(places) do
	local r = try('XADD', changes, 'MAXLEN', '~', '100000', ARGV[i + 3], 'event', ARGV[i + 4])
	if type(r) == 'table' and r.err then
		-- Redis has no word of its own for an id that is too small. Whatever else is wrong goes as it is.
		return redis.error_reply((string.find(r.err, 'equal or smaller', 1, true) and 'STREAM ' or '') .. r.err)
	end
end

local channels, scores = {}, {} -- scores: of each type's index, to be added in one go
local tombstones = call('EXISTS', deleted) == 1
local items = {} -- keys that are written anew or go
for _, i in ipairs(places) do
	if ARGV[i] ~= 'patched' then items[#items + 1] = item .. ARGV[i + 1] .. '/' .. ARGV[i + 2] end
end
if items[1] then call('DEL', unpack(items)) end
local row = {} -- names and values of the change at hand; what is behind them is of an earlier one
for kind, rev in pairs(last) do
	channels[kind] = channel .. kind
	scores[kind] = {}
	if call('HSET', head, 'type_rev:' .. kind, rev) == 1 then call('DEL', index .. kind) end
end
for _, i in ipairs(places) do
	local op, kind, id, rev = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
	local s = shapes[ARGV[i + 5]]
	for n = 1, #s do
		row[2 * n - 1], row[2 * n] = s[n], ARGV[i + 5 + n]
	end
	local name = kind .. '/' .. id
	local key = item .. name
	if op == 'deleted' then
		call('ZREM', index .. kind, id)
		call('ZADD', deleted, rev, name)
	else
		call('HSET', key, 'type', kind, 'id', id, 'rev', rev, 'updated_at', time, unpack(row, 1, 2 * #s))
		local add = scores[kind]
		local n = #add
		add[n + 1], add[n + 2] = rev, id
		if tombstones and op == 'created' then call('ZREM', deleted, name) end
	end
	if op == 'patched' then op = 'updated' end
	key = history .. name
	local r = try('XADD', key, 'MAXLEN', '20', rev, 'op', op, 'time', time, unpack(row, 1, 2 * s.both))
	if type(r) == 'table' and r.err then
		-- What a lost life left there.
		call('DEL', key)
		call('XADD', key, rev, 'op', op, 'time', time, unpack(row, 1, 2 * s.both))
	end
end
for kind, add in pairs(scores) do
	if add[1] then call('ZADD', index .. kind, unpack(add)) end
end
local over = call('ZCARD', deleted) - 100000
if over > 0 then
	local popped = call('ZPOPMIN', deleted, math.min(over, 1000))
	for i = 1, #popped, 2 do
		call('DEL', history .. popped[i])
	end
	call('HSET', head, 'floor', call('ZRANGE', deleted, 0, 0, 'WITHSCORES')[2])
end

-- First and last place of a list; the last is smaller when it is empty.
local function list()
	local n = ARGV[at]
	at = at + 1 + n
	return at - n, at - 1
end
local from, to = list()
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
for _, i in ipairs(places) do
	local r = try('PUBLISH', channels[ARGV[i + 1]], ARGV[i + 4])
	if type(r) == 'table' and r.err then refused = r.err end
end
for i = notes, notes_end do
	local r = try('PUBLISH', channel .. 'control', ARGV[i])
	if type(r) == 'table' and r.err then refused = r.err end
end
return {'OK', ARGV[5], ARGV[6], refused}
