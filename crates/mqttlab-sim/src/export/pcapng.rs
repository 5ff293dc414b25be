//! A run as a capture of what was on the wire, for Wireshark and its kind.
//!
//! Each frame is captured where it leaves: what the network lost is there, and so is what TCP sent again for it. The
//! network of a scenario has no frames of its own, so Ethernet and IP are made up; TCP is that of the simulation, with
//! an acknowledgement for each segment that arrives. The broker is 192.0.2.1, port 1883.

use std::borrow::Cow;
use std::time::Duration;

use etherparse::{PacketBuilder, PacketBuilderStep, TcpHeader, TcpOptionElement};
use pcap_file::DataLink;
use pcap_file::pcapng::blocks::enhanced_packet::{EnhancedPacketBlock, EnhancedPacketOption};
use pcap_file::pcapng::blocks::interface_description::{
    InterfaceDescriptionBlock, InterfaceDescriptionOption,
};
use pcap_file::pcapng::blocks::name_resolution::{Ipv4Record, NameResolutionBlock, Record};
use pcap_file::pcapng::{PcapNgBlock, PcapNgWriter};

use crate::pipe::tape::{Mark, Outcome, Sample, What};
use crate::pipe::{Signal, Way};
use crate::recording::Recording;
use crate::view::{Micros, ParticipantId};
use crate::world::capture::Capture;

/// The port that the broker listens on.
const MQTT: u16 = 1883;
/// The first port of those that systems choose for a client.
const FIRST_PORT: u64 = 49_152;
const PORTS: u64 = 16_384;
/// The most data in one frame: IPv4 has 16 bits for the whole.
const FRAME_DATA_MAX: usize = 32 << 10;
const WINDOW: u16 = u16::MAX;

/// What was on the wire up to the moment of `recording`: the bytes of a pcapng file.
///
/// # Panics
/// Never: the frames are within what the formats can say, and memory takes whatever is written.
pub fn pcapng(recording: &Recording) -> Vec<u8> {
    let mut frames = Vec::new();
    for capture in recording.captures() {
        Wire::new(&capture).write(&capture.marks, &mut frames);
    }
    // Stable: what a connection did in one moment stays in its order.
    frames.sort_by_key(|frame: &Frame| frame.at);
    let written = write(recording, &frames);
    written.expect("memory takes what is written, and there is one interface")
}

/// A frame on the wire.
struct Frame {
    at: Micros,
    bytes: Vec<u8>,
    /// What Wireshark shows beside it.
    comment: Option<&'static str>,
}

fn write(recording: &Recording, frames: &[Frame]) -> pcap_file::PcapResult<Vec<u8>> {
    // The file's own times are nanoseconds.
    const NANOSECONDS: u8 = 9;
    let mut writer = PcapNgWriter::new(Vec::new())?;
    let scenario = recording.scenario();
    let about = format!(
        "mqttlab: {}, seed {}; each frame where it leaves, in virtual time from 0",
        scenario.id, scenario.seed
    );
    let interface = InterfaceDescriptionBlock {
        linktype: DataLink::ETHERNET,
        snaplen: 0,
        options: vec![
            InterfaceDescriptionOption::IfName("simulated".into()),
            InterfaceDescriptionOption::IfDescription(about.into()),
            InterfaceDescriptionOption::IfTsResol(NANOSECONDS),
        ],
    };
    writer.write_block(&interface.into_block())?;
    writer.write_block(&names(recording).into_block())?;
    for Frame { at, bytes, comment } in frames {
        let comment = comment.map(|comment| EnhancedPacketOption::Comment(comment.into()));
        let packet = EnhancedPacketBlock {
            interface_id: 0,
            timestamp: Duration::from_micros(*at),
            original_len: bytes.len() as u32,
            data: bytes.into(),
            options: comment.into_iter().collect(),
        };
        writer.write_block(&packet.into_block())?;
    }
    Ok(writer.into_inner())
}

/// What the addresses are called.
fn names(recording: &Recording) -> NameResolutionBlock<'static> {
    let participants = 0..=recording.scenario().clients.len() as ParticipantId;
    let records = participants.map(|id| {
        Record::Ipv4(Ipv4Record {
            ip_addr: Cow::Owned(address(id).to_vec()),
            names: vec![Cow::Owned(recording.scenario().name(id).to_owned())],
        })
    });
    NameResolutionBlock {
        records: records.collect(),
        options: Vec::new(),
    }
}

/// From the ranges that are set apart for documentation and for measurements.
fn address(id: ParticipantId) -> [u8; 4] {
    match id.to_be_bytes() {
        [0, 0, 0, 0] => [192, 0, 2, 1],
        [_, b, c, d] => [198, 18 | b & 1, c, d],
    }
}

/// A locally administered one.
fn hardware_address(id: ParticipantId) -> [u8; 6] {
    let [a, b, c, d] = id.to_be_bytes();
    [2, 0, a, b, c, d]
}

/// One connection as TCP counts it.
struct Wire {
    client: ParticipantId,
    port: u16,
    /// The number of each way's SYN.
    first: [u32; 2],
    /// The number behind what was sent each way; `None` before anything was.
    next: [Option<u32>; 2],
    /// The number behind what has arrived each way; `None` before anything has.
    arrived: [Option<u32>; 2],
    /// No acknowledgements come after a RST.
    is_reset: bool,
}

impl Wire {
    fn new(capture: &Capture) -> Self {
        let number = capture.connection as u32;
        Self {
            client: capture.client,
            port: (FIRST_PORT + capture.connection % PORTS) as u16,
            // Any numbers will do; different ones for each connection are easier to tell apart.
            first: [
                number.wrapping_mul(1_000_003),
                number.wrapping_mul(7_000_003),
            ],
            next: [None; 2],
            arrived: [None; 2],
            is_reset: false,
        }
    }

    fn write(&mut self, marks: &[Mark], frames: &mut Vec<Frame>) {
        for (index, mark) in marks.iter().enumerate() {
            let Mark {
                at,
                way,
                sample,
                what,
            } = mark;
            let comment = match what {
                What::Arrived => {
                    let rest = marks[index + 1..].iter();
                    let answers = rest
                        .take_while(|other| other.at == *at)
                        .any(|other| other.way == way.back() && is_first(other.what));
                    self.arrived(*at, *way, sample, answers, frames);
                    continue;
                }
                What::Forged => Some("made up by something between the two ends"),
                What::Sent {
                    fate: Outcome::Lost,
                    again: true,
                } => Some("sent again, and lost again"),
                What::Sent {
                    fate: Outcome::Lost,
                    again: false,
                } => Some("lost"),
                What::Sent {
                    fate: Outcome::Passed,
                    again: true,
                } => Some("sent again"),
                What::Sent {
                    fate: Outcome::Passed,
                    again: false,
                } => None,
            };
            self.sent(*at, *way, sample, comment, frames);
        }
    }

    /// The number of the first byte of something in the stream of a way.
    fn sequence(&self, way: Way, sample: &Sample) -> u32 {
        let first = self.first[way as usize];
        match sample.signal {
            Signal::Syn | Signal::SynAck => first,
            // A RST from where nobody listens: there was no SYN.
            Signal::Rst if self.next[way as usize].is_none() => 0,
            Signal::Ack | Signal::Data | Signal::Fin | Signal::Rst => {
                first.wrapping_add(1).wrapping_add(sample.offset as u32)
            }
        }
    }

    fn sent(
        &mut self,
        at: Micros,
        way: Way,
        sample: &Sample,
        comment: Option<&'static str>,
        frames: &mut Vec<Frame>,
    ) {
        let mut sequence = self.sequence(way, sample);
        let behind = sequence.wrapping_add(length(sample));
        let next = &mut self.next[way as usize];
        // Serial numbers: what is behind is less than half of all away.
        if next.is_none_or(|next| behind.wrapping_sub(next) < u32::MAX / 2) {
            *next = Some(behind);
        }
        self.is_reset |= sample.signal == Signal::Rst;
        let mut parts = sample.bytes.chunks(FRAME_DATA_MAX);
        let mut part = parts.next().unwrap_or_default();
        loop {
            let bytes = self.frame(way, sample.signal, sequence, part);
            frames.push(Frame { at, bytes, comment });
            sequence = sequence.wrapping_add(part.len() as u32);
            match parts.next() {
                Some(next) => part = next,
                None => return,
            }
        }
    }

    /// A segment has arrived; its reader acknowledges it unless it `answers` in the same moment.
    fn arrived(
        &mut self,
        at: Micros,
        way: Way,
        sample: &Sample,
        answers: bool,
        frames: &mut Vec<Frame>,
    ) {
        let behind = self.sequence(way, sample).wrapping_add(length(sample));
        self.arrived[way as usize] = Some(behind);
        self.is_reset |= sample.signal == Signal::Rst;
        let has_something = matches!(sample.signal, Signal::Data | Signal::Fin);
        if has_something && !answers && !self.is_reset {
            let back = way.back();
            let sequence = self.next[back as usize].unwrap_or(self.first[back as usize]);
            let bytes = self.frame(back, Signal::Ack, sequence, &[]);
            let comment = None;
            frames.push(Frame { at, bytes, comment });
        }
    }

    fn frame(&self, way: Way, signal: Signal, sequence: u32, data: &[u8]) -> Vec<u8> {
        let ((from, from_port), (to, to_port)) = match way {
            Way::Up => ((self.client, self.port), (0, MQTT)),
            Way::Down => ((0, MQTT), (self.client, self.port)),
        };
        let tcp = PacketBuilder::ethernet2(hardware_address(from), hardware_address(to))
            .ipv4(address(from), address(to), 64)
            .tcp(from_port, to_port, sequence, WINDOW);
        let tcp = match self.arrived[way.back() as usize] {
            Some(arrived) => tcp.ack(arrived),
            None => tcp,
        };
        let tcp = flags(tcp, signal);
        let mut bytes = Vec::with_capacity(tcp.size(data.len()));
        tcp.write_to_vec(&mut bytes, data)
            .expect("a frame is far shorter than IPv4 allows");
        bytes
    }
}

fn flags(tcp: PacketBuilderStep<TcpHeader>, signal: Signal) -> PacketBuilderStep<TcpHeader> {
    match signal {
        Signal::Syn | Signal::SynAck => tcp
            .syn()
            .options(&[TcpOptionElement::MaximumSegmentSize(1_460)])
            .expect("one option fits"),
        Signal::Ack => tcp,
        Signal::Data => tcp.psh(),
        Signal::Fin => tcp.fin(),
        Signal::Rst => tcp.rst(),
    }
}

/// Whether it is something that an end sends, and not only for the second time.
fn is_first(what: What) -> bool {
    match what {
        What::Sent { again, .. } => !again,
        What::Arrived | What::Forged => false,
    }
}

/// How many numbers it takes.
fn length(sample: &Sample) -> u32 {
    match sample.signal {
        Signal::Syn | Signal::SynAck | Signal::Fin => 1,
        Signal::Data => sample.bytes.len() as u32,
        Signal::Ack | Signal::Rst => 0,
    }
}
