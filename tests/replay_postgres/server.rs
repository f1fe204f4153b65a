//! The server, through one `psql` for many scripts: a process or a database for each would cost more than the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::report::{self, Line};

/// Scripts that are tried one after the other on a database of their own.
pub(crate) struct Trial {
    /// Each is sent as one text, as a migration is: one implicit transaction.
    pub(crate) scripts: Vec<String>,
    /// Whether all of it can be taken back by a ROLLBACK, and need not be swept away.
    pub(crate) transactional: bool,
}

/// What the server made of a trial: its catalog, or why it refused.
pub(crate) type Outcome = Result<BTreeSet<Line>, String>;

/// How the server is reached.
#[derive(Clone)]
pub(crate) struct Server {
    url: String,
}

/// Everything that the scripts made is gone behind this.
const SWEEP: &str = r"
SELECT format('DROP EXTENSION %I CASCADE', extname) FROM pg_extension WHERE extname <> 'plpgsql'
UNION ALL SELECT format('DROP SCHEMA %I CASCADE', nspname) FROM pg_namespace
  WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema' \gexec
CREATE SCHEMA public;
DISCARD ALL;
";

impl Server {
    /// `DRIFTGATE_TEST_PG_URL`, or a server on this machine; none where none answers.
    pub(crate) fn find() -> Option<Self> {
        let given = std::env::var("DRIFTGATE_TEST_PG_URL").ok();
        let known = ["postgresql://127.0.0.1:5432/test", "postgresql://postgres@127.0.0.1:5432/postgres"];
        let urls = given.map_or_else(|| known.map(str::to_owned).to_vec(), |url| vec![url]);
        urls.into_iter().map(|url| Self { url }).find(|server| server.psql(&server.url, "SELECT 1;").is_ok())
    }

    /// Tries everything, on `threads` databases that are gone afterwards. Each trial finds what `start` makes.
    pub(crate) fn try_all(&self, name: &str, start: &str, trials: &[Trial], threads: usize) -> Vec<Outcome> {
        let mut outcomes = BTreeMap::new();
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|worker| {
                    let database = format!("driftgate_{name}_{}_{worker}", std::process::id());
                    let chosen: Vec<(usize, &Trial)> =
                        trials.iter().enumerate().filter(|(at, _)| at % threads == worker).collect();
                    scope.spawn(move || self.try_some(&database, start, &chosen))
                })
                .collect();
            for worker in workers {
                outcomes.extend(worker.join().unwrap());
            }
        });
        outcomes.into_values().collect()
    }

    fn try_some(&self, database: &str, start: &str, trials: &[(usize, &Trial)]) -> Vec<(usize, Outcome)> {
        self.psql(&self.url, &format!("CREATE DATABASE {database} TEMPLATE template0;")).unwrap();
        let url = self.url.rsplit_once('/').map(|(server, _)| format!("{server}/{database}")).unwrap();
        let answer = self.psql(&url, &session(start, trials));
        self.psql(&self.url, &format!("DROP DATABASE {database} WITH (FORCE);")).unwrap();
        let answer = answer.unwrap();
        assert!(!answer.contains("@@start failed"), "the start is refused: {answer}");
        trials.iter().map(|(at, _)| (*at, outcome(&answer, *at))).collect()
    }

    fn psql(&self, url: &str, input: &str) -> Result<String, String> {
        let mut command = Command::new("psql");
        command.args(["-X", "-q", "-A", "-t", "-F", "\t", "-d", url]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        let writer = std::thread::spawn(move || {
            let _ = stdin.write_all(input.as_bytes());
        });
        let output = child.wait_with_output().map_err(|error| error.to_string())?;
        writer.join().unwrap();
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(format!("psql ends with {}", output.status))
        }
    }
}

/// What one psql is told.
fn session(start: &str, trials: &[(usize, &Trial)]) -> String {
    let sent = |script: &str| format!("SELECT $driftgate${script}\n$driftgate$ \\gexec\n");
    let begin = format!("{}\\if :ERROR\n\\echo @@start failed :LAST_ERROR_MESSAGE\n\\endif\n", sent(start));
    let mut text = format!("SET client_min_messages = error;\n{begin}");
    for (at, trial) in trials {
        if trial.transactional {
            text.push_str("BEGIN;\n");
        }
        for script in &trial.scripts {
            text.push_str(&sent(script));
            text.push_str(&format!("\\if :ERROR\n\\echo @@refused {at} :LAST_ERROR_MESSAGE\n\\endif\n"));
        }
        text.push_str(&format!("RESET search_path;\n\\echo @@catalog {at}\n{}\\echo @@end {at}\n", report::QUERY));
        if trial.transactional {
            text.push_str("ROLLBACK;\n");
        } else {
            text.push_str(&format!("ROLLBACK;\n{SWEEP}SET client_min_messages = error;\n{begin}"));
        }
    }
    text
}

fn outcome(answer: &str, at: usize) -> Outcome {
    let refused = answer.split_once(&format!("@@refused {at} ")).map(|(_, rest)| rest.lines().next().unwrap_or(""));
    if let Some(refused) = refused {
        return Err(refused.to_owned());
    }
    let (_, rest) = answer.split_once(&format!("@@catalog {at}\n")).expect("the trial was run");
    let (lines, _) = rest.split_once(&format!("@@end {at}\n")).expect("the report was made");
    Ok(lines.lines().filter_map(Line::read).collect())
}
