### The words of the sandbox, in which a run of one's own is built by forms and as text.
###
### For translators: see the Lab's own file, `crates/mqttlab-web/texts/en.ftl`, and `docs/translating.md`. Names of the
### standard, such as Clean Start or Topic Filter, stay English. What a key of a scenario means is said by the scenario's
### schema, in English.

language-name = English

## Around forms and text

sandbox = Sandbox
# The tabs: forms, or the text of the scenario.
scenario = Scenario
tab-forms = Forms
tab-text = TOML
bar-start = New, files…
bar-undo = Undo
bar-redo = Redo
bar-keep = Keep what I did
    .title = What was done by hand in the picture becomes steps of the scenario
text-label = The scenario as TOML

# Below: how the scenario stands.
verdict-reading = Reading…
verdict-plays = ✓ In the picture
# Followed by what is wrong, in English.
verdict-wrong = ✕ Line { NUMBER($line) }, column { NUMBER($column) }:
verdict-last = The picture shows the last run that worked.
# $word is the name that was probably meant.
verdict-write = Write { $word }
verdict-show = Show the place
note-kept = What you did in the picture is now in the scenario.
note-nothing-done =
    Nothing was done in the picture that the scenario does not have. Select a client or a packet there, and do something
    to it.
note-secret = This is a case: it can be opened here once you have named the mistake.
note-no-packet = No packet is selected in the picture.
note-no-text = This file is no text, or too large.

## Where to start

intro =
    Build a run of your own and watch it at once. Forms and text are the same thing: what you change in one is changed in
    the other. All of it stays in this browser.
start-back = Back to my scenario
start-export = Export scenario.toml
start-lesson = Make lesson.md of it
    .title = Each step is a part of the story, each expectation a question
start = Start
start-nothing = From nothing
    .about = A broker and an empty room.
start-run = From the run in the picture
    .about = At the moment that it shows, with all that was done in it.
start-import = Import a scenario file…
start-template = Or from a template
template-message = One message
    .about = A sensor, a screen, and a message between them.
template-will = Last will
    .about = A cable is pulled, and the broker says so for the client.
template-offline = Offline messages
    .about = A session is kept, and what came meanwhile waits in it.
template-lossy = A lossy network
    .about = Segments are lost, messages are late.
template-keep-alive = Keep Alive
    .about = Who pings whom, and when the broker gives up.
template-users = Users and rules
    .about = A broker that lets not everybody do everything.
template-bytes = Bytes by hand
    .about = Packets that no library would send.

## The forms

forms-broken = The text is no TOML just now. Mend it under “TOML”; the forms then go on from there.
section-clients = Clients
section-steps = What happens
section-expectations = What must come of it
section-run = The run
section-network = Network
    .about = The same for each client unless it has one of its own.
section-broker = Broker
section-groups = Groups
    .about = Names for several clients together.
    .help = A line each, such as: field = A, B
groups-label = Groups
add-client = + Client
add-step = + Step
add-expectation = + Expectation
add-subscription = + Subscription
add-message = + Message
add-answer = + Answer
add-one = + One more
more = More
# How many fields are set of those that are folded away.
more-set = ({ NUMBER($set) } set)
# A card: $noun says of what it is.
card-up = Up
    .label = Move { $noun ->
        [client] client
        [step] step
       *[expectation] expectation
    } { $name } up
card-down = Down
    .label = Move { $noun ->
        [client] client
        [step] step
       *[expectation] expectation
    } { $name } down
card-copy = Copy
    .label = Copy { $noun ->
        [client] client
        [step] step
       *[expectation] expectation
    } { $name }
card-remove = Remove
    .label = Remove { $noun ->
        [client] client
        [step] step
       *[expectation] expectation
    } { $name }
# One of a list within a card.
list-remove = Remove { NUMBER($number) } of { $label }
line-each = one a line
line-password = name = password
line-group = group = A, B
qos-0 = 0: at most once
qos-1 = 1: at least once
qos-2 = 2: exactly once
choice-usual = as usual
# What holds where nothing is entered.
usual-client-id = its name
usual-bandwidth = unlimited
usual-reconnect-max = as the first
usual-publish-count = without end

## What the keys of a scenario are called

key-name = Name in the picture
key-mqtt = Protocol version
key-client-id = Client Identifier
key-clean-start = Clean Start
key-clean-session = Clean Session
key-session-expiry = Session Expiry Interval
key-keep-alive = Keep Alive
key-user-name = User Name
key-will = Will Message
key-reconnect = Connects again by itself
key-subscribe = Subscribes, once connected
key-publish = Publishes again and again
key-on-receive = Publishes when a message comes
key-resubscribe = Subscribes again when its session is gone
key-retry-always = Tries again whatever it is told
key-receive-maximum = Receive Maximum
key-maximum-packet-size = Maximum Packet Size
key-in-flight-max = Messages in flight at most
key-lost-session = Messages whose session is lost
key-queue = Queue of waiting messages
key-acks = Acknowledges
key-read = Reads at most
key-clock = Speed of its clock
key-own-link = Network of its own
key-bugs = Mistakes on purpose
key-id = Short name
key-until = Lasts
key-disk = Has a disk
key-sync-every = Writes its disk every
key-backlog = Connections that may wait
key-accept = Time to accept one
key-users = Users and passwords
key-deny-publish = Nobody may publish to
key-deny-subscribe = Nobody may subscribe to
key-policy = Policy
key-preset = Kind of network
key-segment = Largest segment
key-will-topic = Will Topic
key-will-payload = Will Payload
key-will-message = Will Message
key-will-qos = Will QoS
key-will-retain = Will Retain
key-will-delay = Will Delay Interval
key-first = First wait
key-max = Longest wait
key-factor = Times as long each time
key-every = Every
key-count = How many
key-at = At
key-nth = After so many in that moment
key-bytes = Bytes
key-no-local = No Local
key-retain-as-published = Retain As Published
key-retain-handling = Retain Handling
key-qos = QoS
key-retain = RETAIN
key-topic = Topic Name
key-filter = Topic Filter
key-expiry = Message Expiry Interval
key-act = Act

## What an act is, behind the name of who does it

act-connect = connects
act-disconnect = says DISCONNECT
act-publish = publishes
act-subscribe = subscribes
act-unsubscribe = unsubscribes
act-crash = crashes: its system closes what was open
act-power-off = loses its power: nobody is told
act-restart = starts again
act-cut = its cable is pulled
act-heal = its cable is plugged in again
act-stall = its link stalls
act-release = its link goes on
act-reset = its connection is reset
act-close = closes without DISCONNECT
act-refuse = takes no new connections
act-accept = takes new connections again
act-pause = reads nothing
act-resume = reads again
act-sleep = falls asleep
act-wake = wakes up
act-send = sends bytes by hand
act-slow-down = its link gets slow
act-speed-up = its link has its own speed again

## Expectations

expect-holds = It holds
expect-eventually = at some moment
expect-always = at every moment
expect-never = at no moment
expect-count = a number at the end
# The conditions are written as they stand here.
expect-conditions = For example connected("A"), received("B", "status/#") >= 1, retained("status/1") == "offline".

## Bytes by hand

bytes-packet = Start from a packet
bytes-packet-first = Start from a packet…
bytes-copy = Copy the selected packet
bytes-digits = Write two hexadecimal digits for each byte.
# In place of the name of a packet.
bytes-reserved = a type that is not allowed
# $packet is the name of a packet, $flags are four binary digits; $fits says whether the length is right.
bytes-says =
    { $packet }, flags { $flags }. Remaining Length { NUMBER($length) }; { NUMBER($follow) } follow: { $fits ->
        [less] the broker will wait for the others
        [equal] as many as it says
       *[more] the others begin another packet
    }.
bytes-endless = { $packet }, flags { $flags }. Its Remaining Length does not end.
