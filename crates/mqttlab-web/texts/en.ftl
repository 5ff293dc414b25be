### The words of the Lab, the page in which a run is played, explained and rewound.
###
### For translators: copy this file to one with the code of your language, such as `de.ftl`, and translate what stands
### behind each `=`. What is in braces is filled in while the page runs and must stay. Backquotes mark code. Names of the
### standard, such as CONNACK, Client Identifier or QoS, stay English. `docs/translating.md` says more.

# What this language calls itself: shown where a language is chosen.
language-name = English

## Time, wherever it is written

# A moment of the run: 5.002 s.
moment = { $seconds } s
# Spans of time; the units are those of the International System.
span-micros = { NUMBER($micros) } µs
span-millis = { NUMBER($millis) } ms
# $seconds has one digit after the point: 4.5.
span-seconds = { $seconds } s
span-minutes = { NUMBER($minutes) } min { NUMBER($seconds) } s
span-hours = { NUMBER($hours) } h { NUMBER($minutes) } min
span-days = { NUMBER($days) } d { NUMBER($hours) } h
# The speed at which every packet takes the same time to be seen; the other speeds are numbers.
speed-paced = paced
speed-times = { NUMBER($times) } ×
speed-part = { NUMBER($times) }/{ NUMBER($per) } ×

## Who and how many, in the picture

clients = { $count ->
    [0] no clients
    [one] { $count } client
   *[other] { $count } clients
}
packets = { $count ->
    [0] no packets
    [one] { $count } packet
   *[other] { $count } packets
}
sessions = { $count ->
    [0] no sessions
    [one] { $count } session
   *[other] { $count } sessions
}
bytes = { $count ->
    [0] no bytes
    [one] { $count } byte
   *[other] { $count } bytes
}

## What a client does, below its name in the picture

doing-running = running
doing-idle = not connected
doing-opening = opening TCP…
doing-connecting = connecting…
# $span is how long it has been so.
doing-connected = connected { $span }
# $span is how long it takes until it tries to connect once more.
doing-again = again in { $span }
doing-waiting = waiting to reconnect
doing-asleep = asleep
doing-crashed = crashed

## The picture in a sentence, read aloud by screen readers

# $parts is a list of what everybody does, joined by commas.
summary = At { $moment }: { $parts }.
# One client: A connected 5.0 s.
summary-client = { $name } { $doing }
summary-wire-empty = nothing on the wire
# $packets is a list such as “CONNECT from B to broker”.
summary-wire = on the wire: { $packets }
# A crowd of clients, counted by what they do: 312 connected.
crowd-part = { NUMBER($count) } { $state ->
    [running] running
    [idle] idle
    [opening] opening
    [connecting] connecting
    [connected] connected
    [waiting] waiting
    [asleep] asleep
   *[crashed] crashed
}

## Packets and events

# A packet and its way: CONNECT from B to broker.
route = { $packet } from { $from } to { $to }
# What the ends of a TCP connection are called in the picture, in place of FIN and RST.
flight-close = close
flight-reset = reset
# Stands in place of an event that would give the answer to a question away.
event-secret = { $who } decides something

tcp-syn = The first step of opening a TCP connection: the client knocks.
tcp-syn-ack = The second step of opening a TCP connection: the broker opens the door.
tcp-fin =
    The end of a TCP connection, said in order: “I will send nothing more.” MQTT 3.1.1 has no packet with which a broker
    could say why.
tcp-rst = The end of a TCP connection by force: what was on its way is thrown away.
tcp-other = A signal of TCP, below MQTT.

# Kinds of packets.
packet-connect = connection
packet-publish = message
packet-ack = acknowledgement, QoS 1
packet-qos2 = handshake, QoS 2
packet-subscribe = subscription
packet-ping = keep alive
packet-tcp = TCP

# Kinds of events, in the list.
event-action = action
event-sent = sent
event-arrived = arrived
event-connection = connection
event-timer = timer
event-decision = decision
event-application = application
event-fault = fault

# What a sender waits for.
stage-puback = waits for PUBACK
stage-pubrec = waits for PUBREC
stage-pubcomp = waits for PUBCOMP

# What a timer is for.
timer-keep-alive = must send something
timer-ping-response = must get PINGRESP
timer-connect = must finish connecting
timer-reconnect = connects again
timer-keep-alive-limit = must hear something
timer-session-expiry = session expires
timer-will-delay = will is published
timer-other = timer

## Statements of the standard in plain words, by their numbers in MQTT 3.1.1

clause-2-3-1-1 = A message that will be acknowledged needs a number, and zero is none.
clause-3-1-0-1 = A client introduces itself first: the first packet it sends is CONNECT.
clause-3-1-0-2 = A client introduces itself once: a second CONNECT ends the connection.
clause-3-1-2-4 = Without Clean Session the broker goes on with the session it kept, or makes one to keep.
clause-3-1-2-6 = With Clean Session the broker forgets what it had, and forgets again when the connection ends.
clause-3-1-2-8 = A will that was left with the broker is published when the connection ends without a DISCONNECT.
clause-3-1-2-10 = A will is used up once it is published, or when the client says DISCONNECT.
clause-3-1-2-23 = A client that has nothing else to send sends PINGREQ before its Keep Alive is over.
clause-3-1-2-24 = When one and a half Keep Alives pass without a packet, the broker gives the connection up.
clause-3-1-3-2 = The broker keeps one session for each Client Identifier; the name is all it knows a client by.
clause-3-1-4-2 = When a client comes with an identifier that is connected already, the broker closes the older connection.
clause-3-1-4-3 = The broker does what the Clean Session flag asks for before it answers.
clause-3-1-4-4 = The broker answers a good CONNECT with a CONNACK that carries return code zero.
clause-3-2-0-1 = The first packet a client gets from the broker is CONNACK.
clause-3-2-2-1 = After a clean start there is no session, and Session Present is 0.
clause-3-2-2-2 = Session Present says whether the broker still had a session for this name.
clause-3-3-5-1 = A message that matches several filters of one client goes out with the highest granted QoS.
clause-3-8-4-1 = The broker answers SUBSCRIBE with SUBACK.
clause-3-12-4-1 = The broker answers PINGREQ with PINGRESP.
clause-3-14-4-3 = After a DISCONNECT the broker throws the will away.
clause-4-3-1-1 = At QoS 0 a message is sent once and forgotten.
clause-4-3-2-1 = At QoS 1 a message keeps its number and is kept until PUBACK comes.
clause-4-4-0-1 = What was not acknowledged is sent again when the client comes back to its session.
# In place of such a sentence where this page has none.
rule-unknown = See the standard for its words.

## A lesson: the left panel behind the door Learn

lesson-all = ‹ All lessons
# Which of the lessons this is; $kind is “case” for those in which somebody makes a mistake.
lesson-place = { $kind ->
    [case] Case
   *[lesson] Lesson
} { NUMBER($number) } of { NUMBER($of) }
lesson-part = Part { NUMBER($number) } of { NUMBER($of) }
lesson-continue = Play on
# Before anything has been played.
lesson-start = Play
lesson-pause = Pause
lesson-again = From the start
lesson-back = Back
lesson-next = Next: { $title }

# A question of a lesson, and what becomes of the answer.
question-check = Check, then play
question-waiting = You say: { $answer }. Now watch.
# $answer stands in quotation marks, and is followed by a sentence about it.
question-said = You said { $answer }.
question-belief = A common belief: { $belief }
question-show = Show the answer
# Before the right answer: the learner’s was right, was wrong, or was not given.
question-right = You saw it coming:
question-wrong = It was
question-answer = The run says:
question-counter = See a run in which you would be right

# Below the story: other runs, something to bring about, code, and how to check that all of it is real.
story-back = Back to the story
what-if = What if…
build-run = Something else: open this run in the sandbox
goal-try = Try it: { $title }
goal-tools = Do this at the moment on the screen:
goal-won = Done. The run itself says so.
goal-hint = Hint { NUMBER($number) } of { NUMBER($of) }
goal-reset = Start anew
snippet-title = In Python: `{ $name }`
snippet-about = With paho-mqtt, against a broker on this computer: mqttlab broker. The project’s tests run it.
real-title = Is this real?
real-about =
    Yes. The broker, the clients and the network between them run in this page, version { $version }. The code is that of
    the program mqttlab broker, compiled for the browser. Nothing is recorded, and nothing is sent anywhere.
real-proof = To check it, run the same scenario in a terminal: `{ $command }`
real-hash =
    Its trace is the one you see, and its last line has the hash that is shown here at the end. At this moment it is
    `{ $hash }`

## All lessons: the left panel when none is open

course-title = Thirteen lessons
course-about =
    Short runs of a real MQTT broker. Each stops and asks what will happen before it shows it. They build on each other,
    from the first knock to what a broker remembers.
course-begin = Begin: { $title }
course-go-on = Go on: { $title }
# Read aloud behind the title of a lesson.
course-finished = finished
# How many questions of a lesson were answered as the run did, of all.
course-foreseen = { NUMBER($right) } of { NUMBER($questions) } foreseen
course-foreseen-goal = { NUMBER($right) } of { NUMBER($questions) } foreseen · goal reached
course-trouble = This lesson could not be loaded. Is the connection to the page’s server gone?
cases-title = Find the mistake
cases-about = Four runs in which somebody makes a mistake that real programs made. You get the trace, and name it.
progress-title = Your progress
progress-local = It is kept in this browser and sent nowhere.
progress-export = Save as file
progress-import = Load a file
progress-forget = Forget it
progress-sure = Really forget all of it
progress-nothing = nothing yet
teacher-title = For teachers
teacher-hides = Hide answers until I show them
teacher-remote =
    A presenter’s remote works: its keys play on and go back. With a link everybody sees the same run.
# Before a field for a number.
teacher-seed = Seed
teacher-link = Copy the link for the class

## Opening a run: the left panel behind the door Inspect

open-intro =
    A scenario says who takes part, how the network is and what happens when. It is a TOML file: write one, or take one
    from a colleague, a bug report or a lesson. The same broker code runs it here. What `mqttlab broker --record` has
    written is opened too.
open-in-sandbox = Open in the sandbox
open-else = Open something else
open-own = Open a run of your own
open-expected = What must come of it
open-so-far = open so far
open-holds = holds
open-fails = fails
open-choose = Choose a file…
open-drop = …or drop it anywhere on this page. It stays on your computer.
open-paste = Or paste a scenario, or a link
open-reading = Reading…
open-open = Open
open-trouble = This cannot be opened
# A search for what makes the run fail.
hunt-progress = How far the hunt is
hunt-stop = Stop
hunt-try = Try { NUMBER($runs) } disturbed runs
    .title = Runs with other seeds, and with cables pulled and connections reset at random
hunt-in-vain = Everything holds in all of them.
recents-title = Opened before
recents-forget = Forget these
recent-untitled = untitled
open-changed =
    This run has changed since the link was made: another version of the broker plays it. The scenario and what was done
    in it are the same.

# What is wrong with what was to be opened. $message is of the broker’s code and English.
trouble-line = Line { NUMBER($line) }, column { NUMBER($column) }: { $message }.
trouble-too-large = The file is larger than 1 MiB, as no scenario is, nor is it what a broker has recorded.
trouble-unreadable = The browser cannot read this file.
    .help = Is it still there, and may you read it?
trouble-no-text = The file is no text.
    .help = A scenario is a text file that ends in `.toml`.
trouble-no-worker = The part of the Lab that reads files could not be loaded.
    .help = Is there a connection? Load the page again and try once more.

## The frame of the page

# Jumps over the bar at the top, for those who use a keyboard.
skip-link = Skip to the run
changed-understood = Understood
# Where the scenario cannot be played at all.
broken = This scenario cannot be run
sandbox = Sandbox
# $hash is a row of letters and digits that stands for all that has happened.
sandbox-hash = Hash at this moment { $hash }
# In place of tabs that would give the answer to a question away.
asks-closed = This opens when you have answered: nothing on the screen gives the answer away.
# The two tabs at the right of a small screen.
side = Right side
# The tabs of a phone, each for a panel.
panes = Panels
pane-story = Story
# In the place of the story, where a run is opened.
pane-open = Open
pane-run = Run
pane-bytes = Bytes
pane-state = State

## The bar at the top

doors = Doors
door = Door
door-learn = Learn
    .about = A story, with questions that the run answers
door-sandbox = Sandbox
    .about = Build a run of your own, from nothing or from this one
door-inspect = Inspect
    .about = Open a scenario from a file, a text or a link
bar-share = Share
    .title = A link that opens at this moment, and files (S)
bar-help = Help and keys
    .title = Help and keys (?)
# $theme and $next are each one of the next three.
bar-theme = Theme: { $theme }. Switch to { $next }
theme-system = system
theme-light = light
theme-dark = dark
# $seed is a number from which all chance in the run comes.
bar-real = real broker code · seed { NUMBER($seed) }
bar-real-about =
    No recording: the broker, the clients and the network run in this page, and the same seed gives the same run
    everywhere.

## The picture: who is there, how they are connected, what is on the wire

topology = Topology
topology-participants = Participants
# $clients is a text such as “3 clients”, $packets one such as “2 packets”.
topology-counts = { $clients } · { $packets } in flight
# Read aloud behind a span of time that was left out because nothing happened in it.
topology-skipped = skipped
# More packets are on the same way than are drawn.
topology-more = and { NUMBER($more) } more
topology-crowd = · { NUMBER($drawn) } of { NUMBER($all) } packets drawn

## The run: ladder, list, actions, comparison

run = Run
run-tabs = How the run is shown
run-ladder = Ladder
run-events = Events
run-actions = Actions
run-compare = Compare
search = Show only
    .title = type: topic: from: to: kind: qos: dup retain, or any text. A minus turns a word round.

# The ladder: lanes across, time down.
ladder-items = Packets and marks, in the order of time
ladder-lanes = Lanes
ladder-some =
    { NUMBER($shown) } of { NUMBER($all) } clients have lanes here. Search from:name, or look at somebody’s state, to see
    others.
# The line of the moment that is shown.
ladder-now = now
ladder-now-asks = what comes next is not drawn while a question is open
# $span is a time in which nothing happened.
ladder-quiet = { $span } quiet
# A packet, read aloud; $route is such as “CONNECT from B to broker”.
ladder-arrived = { $route }, sent at { $sent }, arrived at { $at }
ladder-travels = { $route }, sent at { $sent }, not arrived

# The list of events.
events = Events
events-none = Nothing has happened yet. Press play.
events-no-match = Nothing that happened so far fits the search.

# All that is done in the run, by its script and by the user, each with a switch.
actions-about =
    What is done in this run. Switch something off, give it another time, or say something else: that is another run, on
    a branch of its own.
actions-happens = Happens
actions-at = At (s)
actions-what = What
actions-by = By
actions-by-script = script
actions-by-you = you
actions-shown = { NUMBER($shown) } of { NUMBER($all) } shown
# $words say what is done; they are English.
actions-toggle = Happens: { $words }
actions-when = When, in seconds: { $words }
actions-change = Change: { $words }
    .title = Say something else here

# Two runs side by side.
compare-same = Up to this moment both runs are the same. Go further to see where they part.
compare-first = They differ from the first event on.
compare-until = { $events ->
    [one] The same for { $events } event, up to { $moment }.
   *[other] The same for { $events } events, up to { $moment }.
}
# Above the column of times, which are in seconds.
compare-seconds = s
compare-shown = { NUMBER($shown) } of { NUMBER($all) } rows shown
compare-alone =
    There is only one run so far. Do something in it, or switch something off under Actions: then there are two.
compare-choose = Lay this run beside:

## Branches: the futures of the run, in rows below the clock

branches = Branches
branches-shown = { NUMBER($shown) } of { NUMBER($all) } branches shown
branch-compare = Compare with { $name }
    .title = Compare with the branch that is played
branch-delete = Delete { $name }
    .title = Delete this branch (it can be taken back)
branch-rename = Rename { $name }
branch-rename-title = Rename
branch-name = Name of the branch
# Names of new branches; $words say what was done in them, and are English.
branch-if = what if: { $words }
branch-if-not = what if not: { $words }
branch-again = again: { $words }
branch-at = { $words } at { $moment }

## The inspector: what is selected, in full

inspector = Inspector
inspector-tabs = What to look at
inspector-fields = Fields
inspector-bytes = Bytes
inspector-rule = Rule
inspector-why = Why
inspector-who = Who
inspector-nothing = Nothing selected
inspector-asks = Rule, Why and Who open when you have answered: nothing on the screen gives the answer away.
inspector-tcp = { $signal } is a signal of TCP: it carries no MQTT bytes.
inspector-no-packet = This is no packet, so it has no bytes. Why tells what led to it.
inspector-select = Select a packet in the ladder, in the list or on its way.

# $kind is such as “acknowledgement, QoS 1”.
fields-sent = { $kind }. Sent at { $sent }.
fields-arrived = { $kind }. Sent at { $sent }, arrived after { $span }.
bytes-grid = Bytes of the packet
# One byte, read aloud: its place, its two digits, its field.
bytes-byte = byte { NUMBER($at) }: { $byte }, { $field }
bytes-more = and { NUMBER($more) } more bytes

rule-none = No sentence of the standard was called on here.
# Before what somebody decided by this rule.
rule-here = Here:
rule-words = Said in our words; the standard’s own are binding.

why-select = Select something that happened, and its causes are told here.
why-this = This happened
why-because = because
why-nothing = Nothing earlier led to it.
why-earlier = and { NUMBER($more) } earlier causes
why-led-to = and it led to

who-select = Select a PUBLISH: here stands who got its message, and why somebody did not.
who-got = got it
who-not-yet = not yet
who-not = did not
who-caption = { $topic } from { $publisher }, so far
who-who = Who
who-message = Message
who-why = Why

## State: what everybody remembers

state = State
state-of = State of { $name }
state-whose = Whose state
# What a fact was one event ago.
state-was = was { $value }
# $span is how long a timer still runs.
state-in = in { $span }
state-timers = Timers
state-timers-shown = { NUMBER($shown) } of { NUMBER($all) } timers shown: those that run out first.
state-none = none

# The state of a client.
client-nobody = There is nobody with this number.
client-title = client { $name }
client-id = client id
client-state = state
client-since = since
client-connection = connection
client-queue = queue
client-in-flight = In flight
client-received = Received
client-is-running = running
client-is-idle = not connected
client-is-opening = opening TCP
client-is-connecting = waits for CONNACK
client-is-connected = connected
client-is-waiting = waits to connect again
client-is-asleep = asleep
client-is-crashed = crashed
# The client’s end of a TCP connection.
end-none = unknown
end-opening = opening
end-open = open
end-closed = closed
end-reset = reset

# The sessions of the broker.
session-none = No sessions: nobody has connected, or all have gone.
session-shown = { NUMBER($shown) } of { NUMBER($all) } sessions shown. Each client has its own state.
session-gone = session { $client } is gone
session-title = session { $client }
session-clean = clean
session-persistent = persistent
session-new = new
session-connection = connection
session-last-packet = last packet
session-subscriptions = subscriptions
session-keep-alive = keep alive
session-keep-alive-off = off
session-seconds = { NUMBER($seconds) } s
# What holds when the client falls silent; $keep-alive is such as “30 s”.
session-no-will = { $keep-alive }, no will
session-will = { $keep-alive }, will { $will }
# The session has no connection; $name was the last to have one.
session-last = none, last { $name }
session-queue = queue
session-in-flight = in flight
session-pubrel = waits for PUBREL
retained = Retained messages
# A message with a Topic Name and its QoS.
message = { $topic } “{ $payload }” QoS { NUMBER($qos) }
message-retained = { $topic } “{ $payload }” QoS { NUMBER($qos) } retained
message-payload = “{ $payload }”
message-qos = QoS { NUMBER($qos) }
message-is-retained = retained
message-is-dup = dup

## The clock

time = Time
time-start = To the start
time-back = Step back
time-forward = Step forward
time-end = To the end
time-play = Play
time-play-again = Play again
time-pause = Pause
# A button, and the key that does the same.
time-button = { $name } ({ $key })
time-until = Go on until…
    .title = Go on until… (U)
time-undo = Undo
    .title = Undo (Ctrl Z)
time-redo = Redo
    .title = Redo (Ctrl Shift Z)
time-heading = on the way to { $moment }
time-next = next in { $span }
time-nothing = nothing more to come
time-speed = Speed
    .title = Paced: every flight takes as long, and quiet times are skipped
time-moment = Moment of the run

## What can be done to something: the menu, and the forms behind it

act = Act…
    .title = What can be done here (A, right click, long press)
menu-mqtt = MQTT
menu-process = Process
menu-new-connections = New connections
menu-link = Link
menu-its-link = Its link
do-start = Start again
do-start-empty-disk = Start again with an empty disk
do-start-forgotten = Start again, all forgotten
do-publish-own = Publish a message of its own…
do-crash = Crash
do-lose-power = Lose power
do-restart = Restart
do-refuse = Refuse them
do-accept = Accept them again
do-publish = Publish…
do-subscribe = Subscribe…
do-unsubscribe = Unsubscribe…
do-disconnect = Disconnect
do-connect = Connect
do-pause = Read nothing more
do-resume = Read again
do-wake = Wake up
do-sleep = Sleep
do-cut = Pull the cable
do-cut-up = Cut only towards the broker
do-cut-down = Cut only towards the client
do-heal = Plug the cable in again
do-hold = Hold what travels
do-release = Release what is held
do-slow-down = Slow it down…
do-speed-up = Give it its own speed back
do-reset = Reset the connection (RST)
do-close = Close it without DISCONNECT (FIN)
# To a packet that has arrived.
if-late = What if it had come 1 s later?
if-cut-before = What if the cable had been pulled before it arrived?
if-cut-after = What if the cable had been pulled right after?
if-reset = What if the connection had been reset before it arrived?
# To a packet on its way.
packet-hold = Hold it
packet-release = Let go what is held
packet-late = Let it come 1 s later
packet-cut = Pull the cable before it arrives
packet-cut-after = Pull the cable right after it arrives
# To a packet that was lost.
if-cut-sent = What if the cable had been pulled when it was sent?

fill-topic = Topic
fill-filter = Topic Filter
fill-payload = Payload
fill-qos = QoS
fill-qos-0 = 0, at most once
fill-qos-1 = 1, at least once
fill-qos-2 = 2, exactly once
fill-retain = Retain: keep it for those who subscribe later
fill-publish = Publish
fill-subscribe = Subscribe
fill-unsubscribe = Unsubscribe
fill-latency = Latency of each way, in ms
fill-bandwidth = Bandwidth, in kbit/s (empty: as it was written)
fill-slow-down = Slow it down
fill-instead = Play it so
fill-cancel = Cancel

## Sharing

share-making = Making the link…
share-length = { $length ->
    [one] { $length } character.
   *[other] { $length } characters.
}
share-copied = { $length ->
    [one] Copied: { $length } character.
   *[other] Copied: { $length } characters.
}
share-no-clipboard = The clipboard is closed to this page: copy it from here.
share-writing = writing…
share-title = Share this moment
share-about =
    The link holds the scenario, what was done in it, this moment and what is selected, and nothing else. It is read in
    the browser that opens it; no server gets it.
share-link = Link
share-copy = Copy
share-frame = In a page of yours
    .label = Text for another page
share-file = As a file, up to this moment
share-failed = This file could not be made: the run is too large for it.
# What a kind of file is good for; its name stands before.
paper-text = Text
paper-scenario = a scenario to run and to edit
paper-picture = picture of the ladder
paper-drawing = drawing of the ladder
paper-diagram = sequence diagram
paper-trace = a line for each event
paper-programs = for programs
paper-wireshark = for Wireshark
paper-test = a test that plays it

## Going on until something happens

until-title = Go on until…
until-packet = the next packet
until-timer = the next timer
until-somebody = something happens at { $name }
until-condition = …or until this becomes true
# The words behind the colon belong to conditions and stay English.
until-facts =
    Facts: now, state, connected, connections, session, queued, subscribed, retained, received, sent, arrived, resent,
    decided. Joined by and, or, not.
until-progress = How far the search is
until-stop = Stop
until-go = Go on
until-never = That does not become true in this run.
# What is wrong with a condition; $message and $help are English.
until-wrong = Column { NUMBER($column) }: { $message }.
until-wrong-help = Column { NUMBER($column) }: { $message } ({ $help }).

# At the end of dialogs.
close = Close

## The help

help = Help
help-about =
    This page runs a real MQTT broker, its clients and the network between them, on a clock of its own. Nothing is
    recorded: the same scenario and the same seed give the same run, here and everywhere.
help-select =
    Select a packet anywhere and it lights up everywhere: on the wire, in the ladder, in the list, in its bytes. The
    scrubber goes to any moment, forwards and back. Paced time gives every packet the same time to be seen and skips the
    quiet.
# Before the list of languages.
help-language = Language
help-keys = Keys
help-letters = Single letters
help-listen = Listen to single letters (turn this off if you control the page by voice)
# Names of keys, as they stand on a keyboard.
key-space = Space
key-shift = Shift
key-alt = Alt
key-ctrl = Ctrl
key-home = Home
key-end = End
key-page-down = PageDown
key-page-up = PageUp
# What keys do.
help-play = play or pause
help-next = next event
help-previous = previous event
help-packet = next, previous packet
help-timer = next timer
help-ends = start, end of the run
help-undo = undo, redo what you did
help-story = story: play on, back
help-answer = choose an answer; Enter checks it
help-why = why did this happen?
help-act = what can be done here? (also right click, long press)
help-quick = pull the cable, hold, release
help-slow = make the link ten times as slow
help-crash = crash it
help-until = go on until something happens
help-search = search
help-share = share: a link to this moment
help-theme = theme: system, light, dark
help-help = this help
