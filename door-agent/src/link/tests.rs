use std::time::Duration;

use access_core::attempt::Assurance;
use access_core::circumstances::Circumstances;
use access_core::policy::{CardToken, Side};
use access_core::verdict::{Reason, Verdict};
use access_core::{RULES_VERSION, UnixMs};
use rcgen::KeyPair;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tokio_tungstenite::accept_async;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::*;
use crate::identity::tests::sample;
use crate::testing::{SERVER_NAME, Server};

const WAIT: Duration = Duration::from_secs(30);

struct Agent {
    progress: watch::Sender<Progress>,
    requests: mpsc::Sender<(u64, LinkRequest)>,
    events: mpsc::Receiver<LinkEvent>,
    clock: Clock,
    task: tokio::task::JoinHandle<()>,
    _folder: tempfile::TempDir,
}

fn progress(seq: u64) -> Progress {
    let head = Head { seq, ..Head::start_of(1) };
    Progress { head, acknowledged: Head::start_of(1), bundle_sequence: 3 }
}

fn start(server: &Server) -> Agent {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::open(folder.path());
    let key = KeyPair::generate().unwrap();
    let identity = Identity {
        authority: server.authority.der().to_vec(),
        certificate: server.certify(&key, crate::clock::machine_time().plus_ms(-1_000)).to_vec(),
        certificate_key: Zeroizing::new(key.serialize_der()),
        pending_key: None,
        server_name: SERVER_NAME.to_owned(),
        ..sample()
    };
    let (progress_sender, progress) = watch::channel(progress(7));
    let (requests, incoming) = mpsc::channel(8);
    let (events_sender, events) = mpsc::channel(8);
    let link = Link {
        address: server.address.clone(),
        identity,
        data_folder: folder.path().to_owned(),
        configuration: String::new(),
        clock: clock.clone(),
        progress,
        requests: incoming,
        events: events_sender,
    };
    Agent { progress: progress_sender, requests, events, clock, task: tokio::spawn(run(link)), _folder: folder }
}

impl Agent {
    async fn next(&mut self) -> LinkEvent {
        timeout(WAIT, self.events.recv()).await.unwrap().unwrap()
    }
}

type ServerSocket = WebSocketStream<TlsStream<TcpStream>>;

async fn hear(socket: &mut ServerSocket) -> FromAgent {
    loop {
        match timeout(WAIT, socket.next()).await.unwrap().unwrap().unwrap() {
            Message::Binary(bytes) => return protocol::read_message(&bytes).unwrap(),
            Message::Ping(_) | Message::Pong(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn say(socket: &mut ServerSocket, message: &FromServer) {
    socket.send(Message::binary(protocol::write_message(message))).await.unwrap();
}

async fn accept(server: &Server) -> (ServerSocket, Hello) {
    let stream = timeout(WAIT, server.accept()).await.unwrap().unwrap();
    assert!(stream.get_ref().1.peer_certificates().is_some(), "it shows its certificate");
    let mut socket = accept_async(stream).await.unwrap();
    let FromAgent::Hello(hello) = hear(&mut socket).await else { panic!("no hello") };
    (socket, hello)
}

fn welcome(now: UnixMs) -> FromServer {
    FromServer::Welcome { version: 1, now, acknowledged: Head { seq: 4, ..Head::start_of(1) } }
}

fn attempt() -> Attempt {
    Attempt {
        id: Uuid::from_u128(1).into(),
        door: Uuid::from_u128(1).into(),
        side: Side::In,
        at: UnixMs(0),
        clock: ClockTrust::Trusted,
        card: CardToken([0; 32]),
        assurance: Assurance::WeakUid,
        finger: None,
        pin: None,
    }
}

#[tokio::test]
async fn a_session_carries_messages_both_ways_and_sets_the_clock() {
    let server = Server::start().await;
    let mut agent = start(&server);
    let (mut socket, hello) = accept(&server).await;
    assert_eq!((hello.agent, hello.head.seq, hello.bundle_sequence), (sample().agent, 7, 3));
    let now = agent.clock.now().unix.plus_ms(3_600_000);
    say(&mut socket, &welcome(now)).await;
    let acknowledged = Head { seq: 4, ..Head::start_of(1) };
    assert_eq!(agent.next().await, LinkEvent::Up { session: 1, acknowledged });
    assert!(agent.clock.now().unix >= now);
    assert_eq!(agent.clock.now().clock, ClockTrust::Trusted);

    agent.requests.send((0, LinkRequest::BundleInForce(1))).await.unwrap();
    agent.requests.send((1, LinkRequest::Ask(attempt()))).await.unwrap();
    assert_eq!(hear(&mut socket).await, FromAgent::Ask(attempt()), "a request of another session is dropped");
    let verdict = Verdict::refused(Reason::NoGrant, 1);
    let ruling = Ruling {
        attempt: Attempt { at: UnixMs(77), ..attempt() },
        circumstances: Circumstances { refusals_of_card: 3, ..Circumstances::default() },
        verdict,
        rules_version: RULES_VERSION,
    };
    let Ruling { attempt: answered, circumstances, verdict, rules_version } = ruling.clone();
    say(
        &mut socket,
        &FromServer::Answer { attempt: answered, circumstances: Box::new(circumstances), verdict, rules_version },
    )
    .await;
    assert_eq!(agent.next().await, LinkEvent::Answer(Box::new(ruling)));
    let standing = Standing { number: 4, set: Vec::new() };
    say(&mut socket, &FromServer::Standing(standing.clone())).await;
    assert_eq!(agent.next().await, LinkEvent::Standing(standing));
    agent.requests.send((1, LinkRequest::StandingInForce(4))).await.unwrap();
    assert_eq!(hear(&mut socket).await, FromAgent::StandingInForce { number: 4 });
    say(&mut socket, &FromServer::Acknowledged(acknowledged)).await;
    assert_eq!(agent.next().await, LinkEvent::Acknowledged(acknowledged));
    assert_eq!(hear(&mut socket).await, FromAgent::Heartbeat);

    drop(agent.requests);
    assert_eq!(agent.events.recv().await, Some(LinkEvent::Down));
    drop(agent.events);
    timeout(WAIT, agent.task).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_renewal_that_gets_no_answer_holds_nothing_up() {
    let server = Server::start().await;
    let mut agent = start(&server);
    let (mut socket, _) = accept(&server).await;
    // By the server's time half of the certificate's day is over.
    say(&mut socket, &welcome(crate::clock::machine_time().plus_ms(13 * 3_600_000))).await;
    assert!(matches!(agent.next().await, LinkEvent::Up { session: 1, .. }));
    let renewal = timeout(WAIT, server.ignore()).await.unwrap().unwrap();
    let standing = Standing { number: 4, set: Vec::new() };
    say(&mut socket, &FromServer::Standing(standing.clone())).await;
    assert_eq!(agent.next().await, LinkEvent::Standing(standing));
    assert_eq!(hear(&mut socket).await, FromAgent::Heartbeat);
    // It still waits for its answer.
    let mut asked = [0; 4_096];
    loop {
        match renewal.try_read(&mut asked) {
            Ok(0) => panic!("the renewal was over before anything else went on"),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) => panic!("{error}"),
        }
    }
    agent.task.abort();
}

#[tokio::test]
async fn a_broken_link_comes_back_and_says_how_far_it_is() {
    let server = Server::start().await;
    let mut agent = start(&server);
    let (mut socket, _) = accept(&server).await;
    say(&mut socket, &welcome(UnixMs(0))).await;
    assert!(matches!(agent.next().await, LinkEvent::Up { session: 1, .. }));
    drop(socket);
    assert_eq!(agent.next().await, LinkEvent::Down);
    agent.progress.send(progress(9)).unwrap();

    // One that is refused, one that speaks nonsense, one that speaks another version.
    let (mut socket, hello) = accept(&server).await;
    assert_eq!(hello.head.seq, 9);
    say(&mut socket, &FromServer::Refused { why: Refusal::Stopping }).await;
    assert_eq!(agent.next().await, LinkEvent::Refused(Refusal::Stopping));
    let (mut socket, _) = accept(&server).await;
    socket.send(Message::binary(vec![200, 1, 2])).await.unwrap();
    let (mut socket, _) = accept(&server).await;
    say(&mut socket, &FromServer::Welcome { version: 9, now: UnixMs(0), acknowledged: Head::start_of(1) }).await;
    let (mut socket, _) = accept(&server).await;
    say(&mut socket, &welcome(UnixMs(0))).await;
    assert!(matches!(agent.next().await, LinkEvent::Up { session: 5, .. }));
    agent.task.abort();
}

#[tokio::test]
async fn a_server_of_another_authority_or_name_hears_nothing() {
    let server = Server::start_as("somebody.else.internal", rcgen::ExtendedKeyUsagePurpose::ServerAuth).await;
    let mut agent = start(&server);
    let refused = timeout(WAIT, server.accept()).await.unwrap();
    assert!(refused.is_err(), "the name in its certificate is another");
    agent.task.abort();
    assert!(agent.events.recv().await.is_none());

    let server = Server::start().await;
    let mut agent = start(&server);
    agent.task.abort();
    let _ = (&mut agent.task).await;
    let other = Server::start().await;
    let mut impostor = start(&server);
    impostor.task.abort();
    let identity = Identity { authority: server.authority.der().to_vec(), ..sample() };
    let connected = tls::connect(&other.address, join::trust(&identity), None, None);
    let (connected, accepted) = tokio::join!(connected, other.accept());
    assert!(connected.is_err() && accepted.is_err());
    assert!(impostor.events.recv().await.is_none());
}
