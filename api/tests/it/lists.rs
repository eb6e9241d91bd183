//! Lists: paging, filters, CSV; problems and languages.

use herald_api::views::{LanguageView, ProblemListView, ProblemView, SubmissionView};
use herald_domain::submission::Verdict;
use herald_domain::view::Page;
use serde_json::{Value, json};

use super::app::{TestApp, python};

#[tokio::test]
async fn pages_follow_one_another_newest_first_without_gap_or_repeat() {
    let app = TestApp::loopback().await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(app.submitted().await);
    }
    ids.reverse();
    let (mut seen, mut path) = (Vec::new(), "/submissions?limit=2".to_owned());
    loop {
        let page: Page<SubmissionView> = app.get(&path).send().await.ok().json();
        assert!(page.items.len() <= 2);
        seen.extend(page.items.into_iter().map(|item| item.id));
        let Some(next) = page.next else { break };
        path = format!("/submissions?limit=2&cursor={next}");
    }
    assert_eq!(seen, ids);
}

#[tokio::test]
async fn filters_narrow_the_list_and_only_an_admin_sees_others() {
    let app = TestApp::loopback().await;
    app.import("a-plus-b", "Add.").await;
    let solved = json!({"problem": "a-plus-b", "language": "python", "source": "x"});
    app.post("/submit", &solved).header("herald-user", "alice").send().await.accepted();
    app.judge_next(Verdict::Accepted).await;
    app.post("/submit", &python()).header("herald-user", "alice").send().await.accepted();
    app.submitted().await;
    let alice = app.key("alice", herald_domain::identity::Scope::User).await;
    let counts = [
        ("/submissions", 2),
        ("/submissions?user=me", 2),
        ("/submissions?user=alice", 2),
        ("/submissions?problem=a-plus-b", 1),
        ("/submissions?problem=other", 0),
        ("/submissions?verdict=accepted", 1),
        ("/submissions?verdict=wrong_answer", 0),
        ("/submissions?status=queued", 1),
        ("/submissions?status=finished&verdict=accepted&problem=a-plus-b", 1),
    ];
    for (path, count) in counts {
        let page: Page<SubmissionView> = app.get(path).key(&alice).send().await.ok().json();
        assert_eq!(page.items.len(), count, "{path}");
        assert!(page.items.iter().all(|item| item.user == "alice"));
    }
    for path in ["/submissions?user=bob", "/submissions?user=*"] {
        assert_eq!(app.get(path).key(&alice).send().await.code(), "admin_required", "{path}");
    }
    let all: Page<SubmissionView> = app.get("/submissions?user=*").send().await.ok().json();
    assert_eq!(all.items.len(), 3);
    let own: Page<SubmissionView> = app.get("/submissions").send().await.ok().json();
    assert_eq!(own.items.len(), 1, "an admin's own list is the admin's own");
}

#[tokio::test]
async fn the_list_comes_as_a_table_too() {
    let app = TestApp::loopback().await;
    for _ in 0..3 {
        app.submitted().await;
    }
    let id = app.judge_next(Verdict::Accepted).await;
    let by_header = app.get("/submissions").header("accept", "text/csv").send().await.ok();
    let by_query = app.get("/submissions?format=csv").send().await.ok();
    assert_eq!(by_header.text(), by_query.text());
    assert!(by_query.header("content-type").starts_with("text/csv"));
    let mut lines = by_query.text().split("\r\n");
    assert!(lines.next().unwrap().starts_with("id,user,problem,language,status,verdict,"));
    let row = lines.find(|line| line.starts_with(&id.to_string())).unwrap();
    assert!(row.contains(",guest,,python,finished,accepted,ok,87.5,1,2,2,12,15,9000,1,"), "{row}");
    let first = app.get("/submissions?format=csv&limit=2").send().await.ok();
    let link = first.header("link");
    let next = link.strip_prefix("<http://127.0.0.1:8080").and_then(|rest| rest.strip_suffix(">; rel=\"next\""));
    let rest = app.get(next.unwrap()).send().await.ok();
    assert_eq!((rest.text().lines().count(), rest.header("link")), (2, ""), "a heading and the third row");
    let json = app.get("/submissions?format=json").header("accept", "text/csv").send().await;
    assert_eq!(json.header("content-type"), "application/json");
}

#[tokio::test]
async fn problems_are_listed_by_slug_and_shown_with_statement_and_samples() {
    let app = TestApp::loopback().await;
    for slug in ["two-sum", "a-plus-b", "hello"] {
        app.import(slug, "Say *it*.\n\n<script>alert(1)</script>\n").await;
    }
    let page: Page<ProblemListView> = app.get("/problems?limit=2").send().await.ok().json();
    let slugs: Vec<_> = page.items.iter().map(|problem| problem.slug.as_str()).collect();
    assert_eq!(slugs, ["a-plus-b", "hello"]);
    let rest = app.get(&format!("/problems?cursor={}", page.next.unwrap())).send().await.ok();
    assert_eq!(rest.json::<Page<ProblemListView>>().items[0].slug, "two-sum");
    let problem: ProblemView = app.get("/problems/hello").send().await.ok().json();
    assert!(problem.statement.starts_with("Say *it*."));
    assert!(problem.statement_html.contains("<em>it</em>") && !problem.statement_html.contains("<script"));
    assert_eq!(problem.samples[0].answer, "3\n");
    assert_eq!((problem.problem.test_cases, problem.problem.time_limit_ms), (1, 1_000));
}

#[tokio::test]
async fn a_problem_tells_a_page_all_that_a_solver_needs() {
    let app = TestApp::loopback().await;
    app.worker().await;
    app.import("hello", "Say it.").await;
    app.import_function("solve").await;
    let page: Page<ProblemListView> = app.get("/problems").send().await.ok().json();
    let [any, function] = &page.items[..] else { panic!("{page:?}") };
    assert_eq!((&any.types[..], any.max_score, &any.languages), (&["pass-fail".to_owned()][..], None, &None));
    assert_eq!((function.types.join(" ").as_str(), function.max_score), ("scoring function", Some(100.0)));
    assert_eq!((function.time_limit_ms, function.memory_limit_kb), (1_000, 65_536));
    let taken = ["cpp", "cpp17", "cpp20", "cpp23", "python", "pypy"];
    assert_eq!(function.languages.as_deref().unwrap(), taken);

    let shown: ProblemView = app.get("/problems/solve").send().await.ok().json();
    assert_eq!(shown.problem, *function);
    let starters: Vec<_> =
        shown.starters.iter().map(|starter| (starter.language.as_str(), starter.name.as_str())).collect();
    let (cpp, python) = ("solve.cpp", "solve.py");
    assert_eq!(starters, taken.map(|id| (id, if id.starts_with("cpp") { cpp } else { python })));
    assert!(app.get("/problems/hello").send().await.ok().json::<ProblemView>().starters.is_empty());
}

#[tokio::test]
async fn languages_are_what_the_workers_have() {
    let app = TestApp::loopback().await;
    let languages = async || {
        let page: Page<LanguageView> = app.get("/languages").send().await.ok().json();
        assert_eq!(page.next, None);
        page.items
    };
    assert!(languages().await.iter().all(|language| !language.available), "no worker is alive yet");
    app.worker().await;
    app.worker().await;
    let languages = languages().await;
    let states: Vec<_> = languages.iter().map(|l| (l.id.as_str(), l.available, l.workers)).collect();
    assert_eq!(states, [("go", false, 0), ("python", true, 2)]);
    assert_eq!(languages[0].reason.as_deref(), Some("go: not found"));
    assert_eq!(languages[1].version.as_deref(), Some("Python 3.11.2"));
}

#[tokio::test]
async fn every_list_has_items_and_next() {
    let app = TestApp::loopback().await;
    let lists = ["/submissions", "/problems", "/languages", "/admin/keys", "/admin/dead-letters", "/admin/processes"];
    for path in lists {
        let page: Value = app.get(path).send().await.ok().json();
        assert!(page["items"].is_array() && page["next"].is_null(), "{path}: {page}");
    }
}
