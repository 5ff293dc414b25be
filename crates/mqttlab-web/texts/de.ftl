### Die Wörter des Labs, der Seite, auf der ein Lauf gespielt, erklärt und zurückgespult wird.
###
### Namen der Norm bleiben englisch: CONNACK, Client Identifier, Topic Filter, Keep Alive, QoS. Angesprochen wird mit „Sie“.

language-name = Deutsch

## Zeit, wo immer sie steht

moment = { $seconds } s
span-micros = { NUMBER($micros) } µs
span-millis = { NUMBER($millis) } ms
span-seconds = { $seconds } s
span-minutes = { NUMBER($minutes) } min { NUMBER($seconds) } s
span-hours = { NUMBER($hours) } h { NUMBER($minutes) } min
span-days = { NUMBER($days) } d { NUMBER($hours) } h
speed-paced = im Takt
speed-times = { NUMBER($times) } ×
speed-part = { NUMBER($times) }/{ NUMBER($per) } ×

## Wer und wie viele, im Bild

clients = { $count ->
    [0] keine Clients
    [one] { $count } Client
   *[other] { $count } Clients
}
packets = { $count ->
    [0] keine Pakete
    [one] { $count } Paket
   *[other] { $count } Pakete
}
sessions = { $count ->
    [0] keine Sitzungen
    [one] { $count } Sitzung
   *[other] { $count } Sitzungen
}
bytes = { $count ->
    [0] keine Bytes
    [one] { $count } Byte
   *[other] { $count } Bytes
}

## Was ein Client tut, unter seinem Namen im Bild

doing-running = läuft
doing-idle = nicht verbunden
doing-opening = öffnet TCP …
doing-connecting = verbindet sich …
doing-connected = verbunden { $span }
doing-again = wieder in { $span }
doing-waiting = wartet auf den nächsten Versuch
doing-asleep = schläft
doing-crashed = abgestürzt

## Das Bild in einem Satz, von Bildschirmlesern vorgelesen

summary = Bei { $moment }: { $parts }.
summary-client = { $name } { $doing }
summary-wire-empty = nichts unterwegs
summary-wire = unterwegs: { $packets }
crowd-part = { NUMBER($count) } { $state ->
    [running] in Betrieb
    [idle] nicht verbunden
    [opening] beim Öffnen von TCP
    [connecting] beim Verbinden
    [connected] verbunden
    [waiting] vor dem nächsten Versuch
    [asleep] im Schlaf
   *[crashed] abgestürzt
}

## Pakete und Ereignisse

route = { $packet } von { $from } an { $to }
flight-close = Ende
flight-reset = Abbruch
event-secret = { $who } trifft eine Entscheidung

tcp-syn = Der erste Schritt zu einer TCP-Verbindung: Der Client klopft an.
tcp-syn-ack = Der zweite Schritt zu einer TCP-Verbindung: Der Broker macht die Tür auf.
tcp-fin =
    Das geordnete Ende einer TCP-Verbindung: „Ich sende nichts mehr.“ MQTT 3.1.1 hat kein Paket, mit dem ein Broker sagen
    könnte, warum.
tcp-rst = Das gewaltsame Ende einer TCP-Verbindung: Was unterwegs war, wird weggeworfen.
tcp-other = Ein Signal von TCP, unterhalb von MQTT.

packet-connect = Verbindung
packet-publish = Nachricht
packet-ack = Bestätigung, QoS 1
packet-qos2 = Handschlag, QoS 2
packet-subscribe = Abonnement
packet-ping = Lebenszeichen
packet-tcp = TCP

event-action = Aktion
event-sent = gesendet
event-arrived = angekommen
event-connection = Verbindung
event-timer = Timer
event-decision = Entscheidung
event-application = Anwendung
event-fault = Störung

stage-puback = wartet auf PUBACK
stage-pubrec = wartet auf PUBREC
stage-pubcomp = wartet auf PUBCOMP

timer-keep-alive = muss etwas senden
timer-ping-response = muss PINGRESP bekommen
timer-connect = muss verbunden sein
timer-reconnect = verbindet sich wieder
timer-keep-alive-limit = muss etwas hören
timer-session-expiry = Sitzung läuft ab
timer-will-delay = Will wird veröffentlicht
timer-other = Timer

## Aussagen der Norm in einfachen Worten, nach ihren Nummern in MQTT 3.1.1

clause-2-3-1-1 = Eine Nachricht, die bestätigt wird, braucht eine Nummer, und die Null ist keine.
clause-3-1-0-1 = Ein Client stellt sich zuerst vor: Sein erstes Paket ist CONNECT.
clause-3-1-0-2 = Ein Client stellt sich einmal vor: Ein zweites CONNECT beendet die Verbindung.
clause-3-1-2-4 =
    Ohne Clean Session setzt der Broker die Sitzung fort, die er behalten hat, oder legt eine an, um sie zu behalten.
clause-3-1-2-6 = Mit Clean Session vergisst der Broker, was er hatte, und am Ende der Verbindung vergisst er wieder alles.
clause-3-1-2-8 =
    Ein Will, das beim Broker hinterlegt ist, wird veröffentlicht, wenn die Verbindung ohne DISCONNECT endet.
clause-3-1-2-10 = Ein Will ist verbraucht, sobald es veröffentlicht ist oder der Client DISCONNECT sagt.
clause-3-1-2-23 = Ein Client, der sonst nichts zu senden hat, sendet PINGREQ, bevor sein Keep Alive um ist.
clause-3-1-2-24 = Vergehen anderthalb Keep Alives ohne ein Paket, gibt der Broker die Verbindung auf.
clause-3-1-3-2 =
    Der Broker führt für jeden Client Identifier eine Sitzung; nur an diesem Namen erkennt er einen Client.
clause-3-1-4-2 =
    Kommt ein Client mit einem Identifier, der schon verbunden ist, schließt der Broker die ältere Verbindung.
clause-3-1-4-3 = Der Broker tut, was das Flag Clean Session verlangt, bevor er antwortet.
clause-3-1-4-4 = Auf ein gültiges CONNECT antwortet der Broker mit einem CONNACK, dessen Rückgabewert null ist.
clause-3-2-0-1 = Das erste Paket, das ein Client vom Broker bekommt, ist CONNACK.
clause-3-2-2-1 = Nach einem sauberen Anfang gibt es keine Sitzung, und Session Present ist 0.
clause-3-2-2-2 = Session Present sagt, ob der Broker für diesen Namen noch eine Sitzung hatte.
clause-3-3-5-1 =
    Eine Nachricht, die zu mehreren Filtern eines Clients passt, geht mit dem höchsten gewährten QoS hinaus.
clause-3-8-4-1 = Auf SUBSCRIBE antwortet der Broker mit SUBACK.
clause-3-12-4-1 = Auf PINGREQ antwortet der Broker mit PINGRESP.
clause-3-14-4-3 = Nach einem DISCONNECT wirft der Broker das Will weg.
clause-4-3-1-1 = Bei QoS 0 wird eine Nachricht einmal gesendet und vergessen.
clause-4-3-2-1 = Bei QoS 1 behält eine Nachricht ihre Nummer und wird aufgehoben, bis PUBACK kommt.
clause-4-4-0-1 = Was nicht bestätigt wurde, wird noch einmal gesendet, wenn der Client zu seiner Sitzung zurückkehrt.
rule-unknown = Den Wortlaut finden Sie in der Norm.

## Eine Lektion: die linke Seite hinter der Tür „Lernen“

lesson-all = ‹ Alle Lektionen
lesson-place = { $kind ->
    [case] Fall
   *[lesson] Lektion
} { NUMBER($number) } von { NUMBER($of) }
lesson-part = Teil { NUMBER($number) } von { NUMBER($of) }
lesson-continue = Weiter
lesson-start = Abspielen
lesson-pause = Pause
lesson-again = Von vorn
lesson-back = Zurück
lesson-next = Als Nächstes: { $title }

question-check = Prüfen, dann abspielen
question-waiting = Sie sagen: { $answer }. Und nun sehen Sie zu.
question-said = Sie sagten { $answer }.
question-belief = Ein verbreiteter Glaube: { $belief }
question-show = Antwort zeigen
question-right = Sie haben es kommen sehen:
question-wrong = Es war
question-answer = Der Lauf sagt:
question-counter = Einen Lauf ansehen, in dem Sie recht hätten

story-back = Zurück zur Geschichte
what-if = Was wäre, wenn …
build-run = Etwas anderes: diesen Lauf im Sandkasten öffnen
goal-try = Probieren Sie es: { $title }
goal-tools = Tun Sie dies in dem Moment, der zu sehen ist:
goal-won = Geschafft. Der Lauf selbst sagt es.
goal-hint = Hinweis { NUMBER($number) } von { NUMBER($of) }
goal-reset = Neu beginnen
snippet-title = In Python: `{ $name }`
snippet-about =
    Mit paho-mqtt, gegen einen Broker auf diesem Rechner: mqttlab broker. Die Tests des Projekts führen es aus.
real-title = Ist das echt?
real-about =
    Ja. Der Broker, die Clients und das Netz dazwischen laufen auf dieser Seite, Version { $version }. Es ist der Code des
    Programms mqttlab broker, für den Browser übersetzt. Nichts ist aufgezeichnet, und nichts wird irgendwohin gesendet.
real-proof = Zur Probe: derselbe Lauf im Terminal: `{ $command }`
real-hash =
    Sein Protokoll ist das, was Sie hier sehen, und in der letzten Zeile steht der Hash, der am Ende auch hier steht. In
    diesem Moment ist er `{ $hash }`

## Alle Lektionen: die linke Seite, wenn keine offen ist

course-title = Dreizehn Lektionen
course-about =
    Kurze Läufe eines echten MQTT-Brokers. Jeder hält an und fragt, was geschehen wird, bevor er es zeigt. Sie bauen
    aufeinander auf, vom ersten Anklopfen bis zu dem, was ein Broker sich merkt.
course-begin = Anfangen: { $title }
course-go-on = Weiter: { $title }
course-finished = abgeschlossen
course-foreseen = { NUMBER($right) } von { NUMBER($questions) } vorausgesehen
course-foreseen-goal = { NUMBER($right) } von { NUMBER($questions) } vorausgesehen · Ziel erreicht
course-trouble = Diese Lektion konnte nicht geladen werden. Ist die Verbindung zum Server der Seite weg?
cases-title = Finden Sie den Fehler
cases-about =
    Vier Läufe, in denen jemand einen Fehler macht, den echte Programme gemacht haben. Sie bekommen das Protokoll und
    benennen ihn.
progress-title = Ihr Fortschritt
progress-local = Er bleibt in diesem Browser und wird nirgendwohin gesendet.
progress-export = Als Datei sichern
progress-import = Datei laden
progress-forget = Vergessen
progress-sure = Wirklich alles vergessen
progress-nothing = noch nichts
teacher-title = Für Lehrende
teacher-hides = Antworten verbergen, bis ich sie zeige
teacher-remote =
    Ein Presenter funktioniert: Seine Tasten spielen weiter und gehen zurück. Mit einem Link sehen alle denselben Lauf.
teacher-seed = Seed
teacher-link = Link für die Klasse kopieren

## Einen Lauf öffnen: die linke Seite hinter der Tür „Ansehen“

open-intro =
    Ein Szenario sagt, wer teilnimmt, wie das Netz ist und was wann geschieht. Es ist eine TOML-Datei: Schreiben Sie eine,
    oder nehmen Sie eine von einer Kollegin, aus einem Fehlerbericht oder einer Lektion. Hier läuft sie mit demselben
    Broker-Code. Auch was `mqttlab broker --record` geschrieben hat, lässt sich öffnen.
open-in-sandbox = Im Sandkasten öffnen
open-else = Etwas anderes öffnen
open-own = Einen eigenen Lauf öffnen
open-expected = Was dabei herauskommen muss
open-so-far = noch offen
open-holds = gilt
open-fails = gilt nicht
open-choose = Datei wählen …
open-drop = … oder ziehen Sie sie irgendwo auf diese Seite. Sie bleibt auf Ihrem Rechner.
open-paste = Oder fügen Sie ein Szenario oder einen Link ein
open-reading = Wird gelesen …
open-open = Öffnen
open-trouble = Das lässt sich nicht öffnen
hunt-progress = Wie weit die Suche ist
hunt-stop = Anhalten
hunt-try = { NUMBER($runs) } gestörte Läufe versuchen
    .title = Läufe mit anderen Seeds, mit gezogenen Kabeln und abgebrochenen Verbindungen nach Zufall
hunt-in-vain = In allen gilt alles.
recents-title = Zuletzt geöffnet
recents-forget = Diese vergessen
recent-untitled = ohne Titel
open-changed =
    Dieser Lauf ist anders, seit der Link gemacht wurde: Eine andere Version des Brokers spielt ihn. Das Szenario und was
    darin getan wurde, sind dieselben.

trouble-line = Zeile { NUMBER($line) }, Spalte { NUMBER($column) }: { $message }.
trouble-too-large = Die Datei ist größer als 1 MiB. So groß ist kein Szenario und keine Aufzeichnung eines Brokers.
trouble-unreadable = Der Browser kann diese Datei nicht lesen.
    .help = Ist sie noch da, und dürfen Sie sie lesen?
trouble-no-text = Die Datei ist kein Text.
    .help = Ein Szenario ist eine Textdatei, die auf `.toml` endet.
trouble-no-worker = Der Teil des Labs, der Dateien liest, konnte nicht geladen werden.
    .help = Gibt es eine Verbindung? Laden Sie die Seite neu und versuchen Sie es noch einmal.

## Der Rahmen der Seite

skip-link = Zum Lauf springen
changed-understood = Verstanden
broken = Dieses Szenario lässt sich nicht spielen
sandbox = Sandkasten
sandbox-hash = Hash in diesem Moment { $hash }
asks-closed = Dies öffnet sich, wenn Sie geantwortet haben: Nichts auf dem Bildschirm verrät die Antwort.
side = Rechte Seite
panes = Ansichten
pane-story = Text
pane-open = Öffnen
pane-run = Lauf
pane-bytes = Bytes
pane-state = Zustand

## Die Leiste oben

doors = Türen
door = Tür
door-learn = Lernen
    .about = Eine Geschichte mit Fragen, die der Lauf beantwortet
door-sandbox = Sandkasten
    .about = Einen eigenen Lauf bauen, aus nichts oder aus diesem
door-inspect = Ansehen
    .about = Ein Szenario aus einer Datei, einem Text oder einem Link öffnen
bar-share = Teilen
    .title = Ein Link, der in diesem Moment öffnet, und Dateien (S)
bar-help = Hilfe und Tasten
    .title = Hilfe und Tasten (?)
bar-theme = Farben: { $theme }. Wechseln zu { $next }
theme-system = System
theme-light = hell
theme-dark = dunkel
bar-real = echter Broker-Code · Seed { NUMBER($seed) }
bar-real-about =
    Keine Aufzeichnung: Der Broker, die Clients und das Netz laufen auf dieser Seite, und derselbe Seed ergibt überall
    denselben Lauf.

## Das Bild: wer da ist, wie sie verbunden sind, was unterwegs ist

topology = Topologie
topology-participants = Teilnehmer
topology-counts = { $clients } · { $packets } unterwegs
topology-skipped = übersprungen
topology-more = und { NUMBER($more) } mehr
topology-crowd = · { NUMBER($drawn) } von { NUMBER($all) } Paketen gezeichnet

## Der Lauf: Leiter, Liste, Aktionen, Vergleich

run = Lauf
run-tabs = Wie der Lauf gezeigt wird
run-ladder = Leiter
run-events = Ereignisse
run-actions = Aktionen
run-compare = Vergleich
search = Nur zeigen
    .title = type: topic: from: to: kind: qos: dup retain, oder beliebiger Text. Ein Minus kehrt ein Wort um.

ladder-items = Pakete und Marken in der Reihenfolge der Zeit
ladder-lanes = Bahnen
ladder-some =
    { NUMBER($shown) } von { NUMBER($all) } Clients haben hier Bahnen. Suchen Sie from:name, oder sehen Sie jemandes
    Zustand an, um andere zu sehen.
ladder-now = jetzt
ladder-now-asks = was folgt, wird nicht gezeichnet, solange eine Frage offen ist
ladder-quiet = { $span } Ruhe
ladder-arrived = { $route }, gesendet bei { $sent }, angekommen bei { $at }
ladder-travels = { $route }, gesendet bei { $sent }, nicht angekommen

events = Ereignisse
events-none = Noch ist nichts geschehen. Drücken Sie auf Abspielen.
events-no-match = Nichts, was bisher geschah, passt zur Suche.

actions-about =
    Was in diesem Lauf getan wird. Schalten Sie etwas aus, geben Sie ihm eine andere Zeit oder andere Worte: Das ist ein
    anderer Lauf, auf einem eigenen Zweig.
actions-happens = Geschieht
actions-at = Bei (s)
actions-what = Was
actions-by = Durch
actions-by-script = Skript
actions-by-you = Sie
actions-shown = { NUMBER($shown) } von { NUMBER($all) } gezeigt
actions-toggle = Geschieht: { $words }
actions-when = Wann, in Sekunden: { $words }
actions-change = Ändern: { $words }
    .title = Hier etwas anderes sagen

compare-same = Bis zu diesem Moment sind beide Läufe gleich. Gehen Sie weiter, um zu sehen, wo sie sich trennen.
compare-first = Sie unterscheiden sich vom ersten Ereignis an.
compare-until = { $events ->
    [one] Gleich für { $events } Ereignis, bis { $moment }.
   *[other] Gleich für { $events } Ereignisse, bis { $moment }.
}
compare-seconds = s
compare-shown = { NUMBER($shown) } von { NUMBER($all) } Zeilen gezeigt
compare-alone =
    Bisher gibt es nur einen Lauf. Tun Sie etwas darin, oder schalten Sie unter „Aktionen“ etwas aus: Dann sind es zwei.
compare-choose = Diesen Lauf vergleichen mit:

## Zweige: die möglichen Zukünfte des Laufs, in Zeilen unter der Uhr

branches = Zweige
branches-shown = { NUMBER($shown) } von { NUMBER($all) } Zweigen gezeigt
branch-compare = Mit { $name } vergleichen
    .title = Mit dem Zweig vergleichen, der gespielt wird
branch-delete = { $name } löschen
    .title = Diesen Zweig löschen (es lässt sich zurücknehmen)
branch-rename = { $name } umbenennen
branch-rename-title = Umbenennen
branch-name = Name des Zweigs
branch-if = was wäre, wenn: { $words }
branch-if-not = was wäre ohne: { $words }
branch-again = wieder: { $words }
branch-at = { $words } bei { $moment }

## Der Inspektor: was ausgewählt ist, ganz

inspector = Inspektor
inspector-tabs = Was zu sehen ist
inspector-fields = Felder
inspector-bytes = Bytes
inspector-rule = Regel
inspector-why = Warum
inspector-who = Wer
inspector-nothing = Nichts ausgewählt
inspector-asks =
    „Regel“, „Warum“ und „Wer“ öffnen sich, wenn Sie geantwortet haben: Nichts auf dem Bildschirm verrät die Antwort.
inspector-tcp = { $signal } ist ein Signal von TCP: Es trägt keine Bytes von MQTT.
inspector-no-packet = Dies ist kein Paket, also hat es keine Bytes. „Warum“ erzählt, wie es dazu kam.
inspector-select = Wählen Sie ein Paket: in der Leiter, in der Liste oder unterwegs.

fields-sent = { $kind }. Gesendet bei { $sent }.
fields-arrived = { $kind }. Gesendet bei { $sent }, angekommen nach { $span }.
bytes-grid = Bytes des Pakets
bytes-byte = Byte { NUMBER($at) }: { $byte }, { $field }
bytes-more = und { NUMBER($more) } weitere Bytes

rule-none = Hier wurde kein Satz der Norm herangezogen.
rule-here = Hier:
rule-words = In unseren Worten gesagt; bindend sind die der Norm.

why-select = Wählen Sie etwas, das geschehen ist, und hier stehen seine Ursachen.
why-this = Dies geschah
why-because = weil
why-nothing = Nichts Früheres hat dazu geführt.
why-earlier = und { NUMBER($more) } frühere Ursachen
why-led-to = und es führte zu

who-select = Wählen Sie ein PUBLISH: Hier steht, wer seine Nachricht bekam und warum jemand sie nicht bekam.
who-got = bekam sie
who-not-yet = noch nicht
who-not = bekam sie nicht
who-caption = { $topic } von { $publisher }, bis jetzt
who-who = Wer
who-message = Nachricht
who-why = Warum

## Zustand: was sich alle merken

state = Zustand
state-of = Zustand von { $name }
state-whose = Wessen Zustand
state-was = zuvor { $value }
state-in = in { $span }
state-timers = Timer
state-timers-shown = { NUMBER($shown) } von { NUMBER($all) } Timern gezeigt: die zuerst ablaufen.
state-none = keine

client-nobody = Unter dieser Nummer gibt es niemanden.
client-title = Client { $name }
client-id = Client Identifier
client-state = Zustand
client-since = seit
client-connection = Verbindung
client-queue = Warteschlange
client-in-flight = Unterwegs
client-received = Empfangen
client-is-running = läuft
client-is-idle = nicht verbunden
client-is-opening = öffnet TCP
client-is-connecting = wartet auf CONNACK
client-is-connected = verbunden
client-is-waiting = wartet auf den nächsten Versuch
client-is-asleep = schläft
client-is-crashed = abgestürzt
end-none = unbekannt
end-opening = öffnet sich
end-open = offen
end-closed = geschlossen
end-reset = abgebrochen

session-none = Keine Sitzungen: Niemand hat sich verbunden, oder alle sind gegangen.
session-shown = { NUMBER($shown) } von { NUMBER($all) } Sitzungen gezeigt. Jeder Client hat seinen eigenen Zustand.
session-gone = Sitzung { $client } ist weg
session-title = Sitzung { $client }
session-clean = flüchtig
session-persistent = dauerhaft
session-new = neu
session-connection = Verbindung
session-last-packet = letztes Paket
session-subscriptions = Abonnements
session-keep-alive = Keep Alive
session-keep-alive-off = aus
session-seconds = { NUMBER($seconds) } s
session-no-will = { $keep-alive }, kein Will
session-will = { $keep-alive }, Will { $will }
session-last = keine, zuletzt { $name }
session-queue = Warteschlange
session-in-flight = unterwegs
session-pubrel = wartet auf PUBREL
retained = Aufbewahrte Nachrichten
message = { $topic } „{ $payload }“ QoS { NUMBER($qos) }
message-retained = { $topic } „{ $payload }“ QoS { NUMBER($qos) } aufbewahrt
message-payload = „{ $payload }“
message-qos = QoS { NUMBER($qos) }
message-is-retained = aufbewahrt
message-is-dup = DUP

## Die Uhr

time = Zeit
time-start = Zum Anfang
time-back = Schritt zurück
time-forward = Schritt vor
time-end = Zum Ende
time-play = Abspielen
time-play-again = Noch einmal abspielen
time-pause = Pause
time-button = { $name } ({ $key })
time-until = Weiter, bis …
    .title = Weiter, bis … (U)
time-undo = Rückgängig
    .title = Rückgängig (Strg Z)
time-redo = Wiederholen
    .title = Wiederholen (Strg Umschalt Z)
time-heading = auf dem Weg nach { $moment }
time-next = weiter in { $span }
time-nothing = mehr kommt nicht
time-speed = Tempo
    .title = Im Takt: Jedes Paket ist gleich lang zu sehen, und ruhige Zeiten werden übersprungen
time-moment = Moment des Laufs

## Was sich mit etwas tun lässt: das Menü und die Formulare dahinter

act = Tun …
    .title = Was sich hier tun lässt (A, Rechtsklick, langer Druck)
menu-mqtt = MQTT
menu-process = Prozess
menu-new-connections = Neue Verbindungen
menu-link = Leitung
menu-its-link = Seine Leitung
do-start = Wieder starten
do-start-empty-disk = Mit leerer Platte wieder starten
do-start-forgotten = Wieder starten, alles vergessen
do-publish-own = Eine eigene Nachricht veröffentlichen …
do-crash = Abstürzen
do-lose-power = Strom verlieren
do-restart = Neu starten
do-refuse = Ablehnen
do-accept = Wieder annehmen
do-publish = Veröffentlichen …
do-subscribe = Abonnieren …
do-unsubscribe = Abbestellen …
do-disconnect = Abmelden
do-connect = Verbinden
do-pause = Nichts mehr lesen
do-resume = Wieder lesen
do-wake = Aufwachen
do-sleep = Schlafen
do-cut = Kabel ziehen
do-cut-up = Nur zum Broker hin trennen
do-cut-down = Nur zum Client hin trennen
do-heal = Kabel wieder einstecken
do-hold = Anhalten, was unterwegs ist
do-release = Loslassen, was angehalten ist
do-slow-down = Langsamer machen …
do-speed-up = Die eigene Geschwindigkeit zurückgeben
do-reset = Verbindung abbrechen (RST)
do-close = Ohne DISCONNECT schließen (FIN)
if-late = Und wenn es 1 s später gekommen wäre?
if-cut-before = Und wenn das Kabel vor der Ankunft gezogen worden wäre?
if-cut-after = Und wenn das Kabel gleich danach gezogen worden wäre?
if-reset = Und wenn die Verbindung vor der Ankunft abgebrochen wäre?
packet-hold = Anhalten
packet-release = Loslassen, was angehalten ist
packet-late = 1 s später ankommen lassen
packet-cut = Kabel ziehen, bevor es ankommt
packet-cut-after = Kabel ziehen, gleich nachdem es ankommt
if-cut-sent = Und wenn das Kabel beim Senden gezogen worden wäre?

fill-topic = Topic
fill-filter = Topic Filter
fill-payload = Payload
fill-qos = QoS
fill-qos-0 = 0, höchstens einmal
fill-qos-1 = 1, mindestens einmal
fill-qos-2 = 2, genau einmal
fill-retain = Retain: für alle aufbewahren, die später abonnieren
fill-publish = Veröffentlichen
fill-subscribe = Abonnieren
fill-unsubscribe = Abbestellen
fill-latency = Laufzeit je Richtung, in ms
fill-bandwidth = Bandbreite, in kbit/s (leer: wie geschrieben)
fill-slow-down = Langsamer machen
fill-instead = So spielen
fill-cancel = Abbrechen

## Teilen

share-making = Der Link entsteht …
share-length = { $length ->
    [one] { $length } Zeichen.
   *[other] { $length } Zeichen.
}
share-copied = { $length ->
    [one] Kopiert: { $length } Zeichen.
   *[other] Kopiert: { $length } Zeichen.
}
share-no-clipboard = Die Zwischenablage ist für diese Seite gesperrt: Kopieren Sie ihn von hier.
share-writing = wird geschrieben …
share-title = Diesen Moment teilen
share-about =
    Im Link stehen das Szenario, was darin getan wurde, dieser Moment und die Auswahl, sonst nichts. Gelesen wird er in
    dem Browser, der ihn öffnet; kein Server bekommt ihn.
share-link = Link
share-copy = Kopieren
share-frame = In einer eigenen Seite
    .label = Text für eine andere Seite
share-file = Als Datei, bis zu diesem Moment
share-failed = Diese Datei ließ sich nicht erstellen: Der Lauf ist zu groß dafür.
paper-text = Text
paper-scenario = ein Szenario zum Spielen und Ändern
paper-picture = Bild der Leiter
paper-drawing = Zeichnung der Leiter
paper-diagram = Sequenzdiagramm
paper-trace = eine Zeile je Ereignis
paper-programs = für Programme
paper-wireshark = für Wireshark
paper-test = ein Test, der ihn spielt

## Weiter, bis etwas geschieht

until-title = Weiter, bis …
until-packet = zum nächsten Paket
until-timer = zum nächsten Timer
until-somebody = bei { $name } etwas geschieht
until-condition = … oder bis dies wahr wird
until-facts =
    Fakten: now, state, connected, connections, session, queued, subscribed, retained, received, sent, arrived, resent,
    decided. Verbunden mit and, or, not.
until-progress = Wie weit die Suche ist
until-stop = Anhalten
until-go = Weiter
until-never = Das wird in diesem Lauf nicht wahr.
until-wrong = Spalte { NUMBER($column) }: { $message }.
until-wrong-help = Spalte { NUMBER($column) }: { $message } ({ $help }).

close = Schließen

## Die Hilfe

help = Hilfe
help-about =
    Auf dieser Seite laufen ein echter MQTT-Broker, seine Clients und das Netz dazwischen, nach einer eigenen Uhr. Nichts
    ist aufgezeichnet: Dasselbe Szenario und derselbe Seed ergeben denselben Lauf, hier und überall.
help-select =
    Wählen Sie ein Paket, wo Sie wollen, und es leuchtet überall auf: unterwegs, in der Leiter, in der Liste, in seinen
    Bytes. Der Regler führt zu jedem Moment, vor und zurück. Im Takt ist jedes Paket gleich lang zu sehen, und die Ruhe
    wird übersprungen.
help-language = Sprache
help-keys = Tasten
help-letters = Einzelne Buchstaben
help-listen = Auf einzelne Buchstaben hören (schalten Sie es aus, wenn Sie die Seite mit der Stimme steuern)
key-space = Leertaste
key-shift = Umschalt
key-alt = Alt
key-ctrl = Strg
key-home = Pos1
key-end = Ende
key-page-down = Bild↓
key-page-up = Bild↑
help-play = abspielen oder anhalten
help-next = nächstes Ereignis
help-previous = voriges Ereignis
help-packet = nächstes, voriges Paket
help-timer = nächster Timer
help-ends = Anfang, Ende des Laufs
help-undo = rückgängig machen, wiederholen
help-story = Geschichte: weiter, zurück
help-answer = Antwort wählen; die Eingabetaste prüft sie
help-why = warum ist das geschehen?
help-act = was lässt sich hier tun? (auch Rechtsklick, langer Druck)
help-quick = Kabel ziehen, anhalten, loslassen
help-slow = die Leitung zehnmal so langsam machen
help-crash = abstürzen lassen
help-until = weiter, bis etwas geschieht
help-search = suchen
help-share = teilen: ein Link zu diesem Moment
help-theme = Farben: System, hell, dunkel
help-help = diese Hilfe
