### Die Wörter des Sandkastens, in dem ein eigener Lauf mit Formularen und als Text gebaut wird.

language-name = Deutsch

## Um Formulare und Text herum

sandbox = Sandkasten
scenario = Szenario
tab-forms = Formulare
tab-text = TOML
bar-start = Neu, Dateien …
bar-undo = Rückgängig
bar-redo = Wiederholen
bar-keep = Behalten, was ich tat
    .title = Was im Bild von Hand getan wurde, wird zu Schritten des Szenarios
text-label = Das Szenario als TOML

verdict-reading = Wird gelesen …
verdict-plays = ✓ Im Bild
verdict-wrong = ✕ Zeile { NUMBER($line) }, Spalte { NUMBER($column) }:
verdict-last = Das Bild zeigt den letzten Lauf, der ging.
verdict-write = { $word } schreiben
verdict-show = Stelle zeigen
note-kept = Was Sie im Bild getan haben, steht jetzt im Szenario.
note-nothing-done =
    Im Bild wurde nichts getan, was das Szenario nicht hat. Wählen Sie dort einen Client oder ein Paket, und tun Sie etwas
    damit.
note-secret = Dies ist ein Fall: Er lässt sich hier öffnen, sobald Sie den Fehler benannt haben.
note-no-packet = Im Bild ist kein Paket ausgewählt.
note-no-text = Diese Datei ist kein Text oder zu groß.

## Womit es anfängt

intro =
    Bauen Sie einen eigenen Lauf und sehen Sie ihm gleich zu. Formulare und Text sind dasselbe: Was Sie im einen ändern,
    ändert sich im anderen. Alles bleibt in diesem Browser.
start-back = Zurück zu meinem Szenario
start-export = scenario.toml exportieren
start-lesson = lesson.md daraus machen
    .title = Jeder Schritt ist ein Teil der Geschichte, jede Erwartung eine Frage
start = Anfangen
start-nothing = Mit nichts
    .about = Ein Broker und ein leerer Raum.
start-run = Mit dem Lauf im Bild
    .about = In dem Moment, den es zeigt, mit allem, was darin getan wurde.
start-import = Szenario-Datei importieren …
start-template = Oder mit einer Vorlage
template-message = Eine Nachricht
    .about = Ein Sensor, ein Bildschirm und eine Nachricht dazwischen.
template-will = Letzter Wille
    .about = Ein Kabel wird gezogen, und der Broker sagt es für den Client.
template-offline = Nachrichten für später
    .about = Eine Sitzung wird behalten, und was inzwischen kam, wartet darin.
template-lossy = Ein verlustreiches Netz
    .about = Segmente gehen verloren, Nachrichten kommen spät.
template-keep-alive = Keep Alive
    .about = Wer wen anpingt und wann der Broker aufgibt.
template-users = Benutzer und Regeln
    .about = Ein Broker, der nicht alle alles tun lässt.
template-bytes = Bytes von Hand
    .about = Pakete, die keine Bibliothek senden würde.

## Die Formulare

forms-broken =
    Der Text ist gerade kein TOML. Bringen Sie ihn unter „TOML“ in Ordnung; dann geht es mit den Formularen weiter.
section-clients = Clients
section-steps = Was geschieht
section-expectations = Was dabei herauskommen muss
section-run = Der Lauf
section-network = Netz
    .about = Für alle Clients dasselbe, wenn sie kein eigenes haben.
section-broker = Broker
section-groups = Gruppen
    .about = Namen für mehrere Clients zusammen.
    .help = Je eine Zeile, zum Beispiel: field = A, B
groups-label = Gruppen
add-client = + Client
add-step = + Schritt
add-expectation = + Erwartung
add-subscription = + Abonnement
add-message = + Nachricht
add-answer = + Antwort
add-one = + Noch eins
more = Mehr
more-set = ({ NUMBER($set) } gesetzt)
card-up = Hoch
    .label = { $noun ->
        [client] Client
        [step] Schritt
       *[expectation] Erwartung
    } { $name } nach oben
card-down = Runter
    .label = { $noun ->
        [client] Client
        [step] Schritt
       *[expectation] Erwartung
    } { $name } nach unten
card-copy = Kopieren
    .label = { $noun ->
        [client] Client
        [step] Schritt
       *[expectation] Erwartung
    } { $name } kopieren
card-remove = Entfernen
    .label = { $noun ->
        [client] Client
        [step] Schritt
       *[expectation] Erwartung
    } { $name } entfernen
list-remove = { NUMBER($number) } von { $label } entfernen
line-each = je Zeile eins
line-password = Name = Passwort
line-group = Gruppe = A, B
qos-0 = 0: höchstens einmal
qos-1 = 1: mindestens einmal
qos-2 = 2: genau einmal
choice-usual = wie üblich
usual-client-id = sein Name
usual-bandwidth = unbegrenzt
usual-reconnect-max = wie die erste
usual-publish-count = ohne Ende

## Wie die Schlüssel eines Szenarios heißen

key-name = Name im Bild
key-mqtt = Version des Protokolls
key-client-id = Client Identifier
key-clean-start = Clean Start
key-clean-session = Clean Session
key-session-expiry = Session Expiry Interval
key-keep-alive = Keep Alive
key-user-name = User Name
key-will = Will Message
key-reconnect = Verbindet sich selbst wieder
key-subscribe = Abonniert, sobald verbunden
key-publish = Veröffentlicht immer wieder
key-on-receive = Veröffentlicht, wenn eine Nachricht kommt
key-resubscribe = Abonniert neu, wenn die Sitzung weg ist
key-retry-always = Versucht es wieder, was immer man ihm sagt
key-receive-maximum = Receive Maximum
key-maximum-packet-size = Maximum Packet Size
key-in-flight-max = Nachrichten unterwegs, höchstens
key-lost-session = Nachrichten, deren Sitzung verloren ist
key-queue = Schlange wartender Nachrichten
key-acks = Bestätigt
key-read = Liest höchstens
key-clock = Tempo seiner Uhr
key-own-link = Eigenes Netz
key-bugs = Fehler mit Absicht
key-id = Kurzer Name
key-until = Dauert
key-disk = Hat eine Platte
key-sync-every = Schreibt auf die Platte alle
key-backlog = Verbindungen, die warten dürfen
key-accept = Zeit, um eine anzunehmen
key-users = Benutzer und Passwörter
key-deny-publish = Niemand darf veröffentlichen unter
key-deny-subscribe = Niemand darf abonnieren
key-policy = Verhalten
key-preset = Art des Netzes
key-segment = Größtes Segment
key-will-topic = Will Topic
key-will-payload = Will Payload
key-will-message = Will Message
key-will-qos = Will QoS
key-will-retain = Will Retain
key-will-delay = Will Delay Interval
key-first = Erste Wartezeit
key-max = Längste Wartezeit
key-factor = Jedes Mal so viel länger
key-every = Alle
key-count = Wie viele
key-at = Bei
key-nth = Nach so vielen in diesem Moment
key-bytes = Bytes
key-no-local = No Local
key-retain-as-published = Retain As Published
key-retain-handling = Retain Handling
key-qos = QoS
key-retain = RETAIN
key-topic = Topic Name
key-filter = Topic Filter
key-expiry = Message Expiry Interval
key-act = Tat

## Was jemand tut, hinter seinem Namen

act-connect = verbindet sich
act-disconnect = sagt DISCONNECT
act-publish = veröffentlicht
act-subscribe = abonniert
act-unsubscribe = bestellt ab
act-crash = stürzt ab: Sein System schließt, was offen war
act-power-off = verliert den Strom: Niemand erfährt es
act-restart = startet wieder
act-cut = das Kabel wird gezogen
act-heal = das Kabel wird wieder eingesteckt
act-stall = die Leitung stockt
act-release = die Leitung geht weiter
act-reset = die Verbindung wird abgebrochen
act-close = schließt ohne DISCONNECT
act-refuse = nimmt keine neuen Verbindungen an
act-accept = nimmt wieder neue Verbindungen an
act-pause = liest nichts
act-resume = liest wieder
act-sleep = schläft ein
act-wake = wacht auf
act-send = sendet Bytes von Hand
act-slow-down = die Leitung wird langsam
act-speed-up = die Leitung hat ihre eigene Geschwindigkeit wieder

## Erwartungen

expect-holds = Es gilt
expect-eventually = in irgendeinem Moment
expect-always = in jedem Moment
expect-never = in keinem Moment
expect-count = als Zahl am Ende
expect-conditions =
    Zum Beispiel connected("A"), received("B", "status/#") >= 1, retained("status/1") == "offline".

## Bytes von Hand

bytes-packet = Mit einem Paket anfangen
bytes-packet-first = Mit einem Paket anfangen …
bytes-copy = Ausgewähltes Paket kopieren
bytes-digits = Schreiben Sie zwei hexadezimale Ziffern für jedes Byte.
bytes-reserved = ein Typ, der nicht erlaubt ist
bytes-says =
    { $packet }, Flags { $flags }. Remaining Length { NUMBER($length) }; es folgen { NUMBER($follow) }: { $fits ->
        [less] Der Broker wird auf die anderen warten
        [equal] so viele, wie es sagt
       *[more] Die übrigen beginnen ein weiteres Paket
    }.
bytes-endless = { $packet }, Flags { $flags }. Seine Remaining Length endet nicht.
