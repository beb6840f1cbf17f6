#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use super::*;
use crate::text::Source;

fn of(files: &[(&str, &str)], app: &str) -> Table {
    let modules: BTreeMap<String, Rc<Module>> = files
        .iter()
        .map(|(path, text)| ((*path).to_owned(), Rc::new(super::super::read(&Source::of_text(path, text)))))
        .collect();
    table(files[0].0, app, &["", "src"], &mut |path| modules.get(path).cloned())
}

fn paths(table: &Table) -> Vec<&str> {
    table.routes.iter().filter(|route| !route.built_in).map(|route| route.path.as_str()).collect()
}

#[test]
fn routes_are_followed_over_files() {
    let table = of(
        &[
            (
                "app/main.py",
                "from fastapi import FastAPI\nfrom app.health import router as health\nfrom .api import v1, PREFIX\nimport app.late\n\
                 app = FastAPI(redoc_url=None)\napp.include_router(health, prefix='/api' + '/v1')\n\
                 app.include_router(v1.router, prefix=PREFIX)\napp.include_router(app.late.router)\n\
                 @app.get('/')\ndef root(): ...\n@app.websocket('/ws')\nasync def ws(): ...\napp.add_api_route('/added', root, methods=['POST'])\n",
            ),
            (
                "app/health.py",
                "from fastapi import APIRouter\nrouter = APIRouter(prefix='/h')\n@router.get('/live')\n@router.head('/live')\ndef live(): ...\n",
            ),
            ("app/api/__init__.py", "PREFIX = '/p'\n"),
            (
                "app/api/v1.py",
                "from fastapi import APIRouter\nfrom .users import users_router\nrouter = APIRouter()\nrouter.include_router(users_router, prefix='/u')\n",
            ),
            (
                "app/api/users.py",
                "import fastapi\nusers_router = fastapi.APIRouter()\n@users_router.get('/{user_id}')\ndef one(): ...\n",
            ),
            (
                "app/late.py",
                "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/late')\ndef late(): ...\n",
            ),
        ],
        "app",
    );
    let mut found = paths(&table);
    found.sort_unstable();
    assert_eq!(found, ["/", "/added", "/api/v1/h/live", "/api/v1/h/live", "/late", "/p/u/{user_id}", "/ws"]);
    assert!(table.is_whole(), "{:?}", table.open);
    assert_eq!(table.serves("/api/v1/h/live/"), Some(true));
    assert_eq!(table.serves("/p/u/7?x=1"), Some(true));
    assert_eq!(table.serves("/docs"), Some(true));
    assert_eq!(table.serves("/redoc"), Some(false));
    assert_eq!(table.serves("/added"), Some(false));
    assert_eq!(table.serves("/api/health"), Some(false));
    assert!(table.has_websocket());
}

#[test]
fn doubt_opens_a_prefix() {
    for (text, open) in [
        ("app.mount('/static', files)", vec!["/static"]),
        ("app.mount('/', files)", vec![""]),
        ("app.include_router(package.router, prefix='/auth')", vec!["/auth"]),
        ("app.include_router(make(), prefix=settings.PREFIX)", vec![""]),
        ("for router in routers:\n    app.include_router(router)", vec![""]),
        ("app.router.routes.append(x)", vec![""]),
        ("setup(app)", vec![""]),
        ("app.get(path())(f)", vec![""]),
        ("app.add_middleware(CORSMiddleware, allow_origins=['*'])", vec![]),
        ("uvicorn.run(app, port=1)", vec![]),
        ("app = Wrapper(app)", vec![]),
    ] {
        let table = of(
            &[(
                "main.py",
                &format!("from fastapi import FastAPI\nimport uvicorn\napp = FastAPI()\n{text}\n"),
            )],
            "app",
        );
        assert_eq!(table.open, open, "{text}");
    }
    assert_eq!(of(&[("main.py", "from package import app\n")], "app").serves("/x"), None);
    assert_eq!(of(&[("main.py", "class Mine(FastAPI): ...\napp = Mine()\n")], "app").serves("/x"), None);
    assert_eq!(
        of(
            &[(
                "mysite/asgi.py",
                "from django.core.asgi import get_asgi_application\napplication = get_asgi_application()\n"
            )],
            "application"
        )
        .serves("/x"),
        None
    );
}

#[test]
fn factories_and_functions_that_get_the_app_are_followed() {
    let main = "from fastapi import FastAPI\nfrom .setup import register\n\ndef create_app() -> FastAPI:\n    app = FastAPI(openapi_url=None)\n    register(app)\n\n    @app.get('/health')\n    def health(): ...\n\n    return app\n\napp = create_app()\n";
    let setup = "def register(application):\n    @application.get('/ready')\n    def ready(): ...\n";
    for app in ["create_app", "app"] {
        let table = of(&[("pkg/main.py", main), ("pkg/setup.py", setup)], app);
        assert_eq!(
            (table.serves("/health"), table.serves("/ready")),
            (Some(true), Some(true)),
            "{app} {table:?}"
        );
        assert_eq!((table.serves("/docs"), table.open.len()), (Some(false), 0), "{app}");
    }
}

#[test]
fn starlette_lists_are_read() {
    let text = "from starlette.applications import Starlette\nfrom starlette.routing import Route, Mount, WebSocketRoute\n\
        routes = [Route('/a', a), Mount('/b', routes=[Route('/c', c, methods=['POST', 'GET'])]), Mount('/s', app=x), WebSocketRoute('/w', w)]\n\
        app = Starlette(debug=True, routes=routes)\n";
    let table = of(&[("main.py", text)], "app");
    assert_eq!(paths(&table), ["/a", "/b/c", "/w"]);
    assert_eq!(table.open, ["/s"]);
    assert_eq!(
        (table.serves("/b/c"), table.serves("/s/x"), table.serves("/x")),
        (Some(true), None, Some(false))
    );
}

#[test]
fn circles_end() {
    let a = "from fastapi import APIRouter\nfrom b import other\nrouter = APIRouter()\nrouter.include_router(other, prefix='/x')\n";
    let b = "from fastapi import APIRouter\nfrom a import router\nother = APIRouter()\nother.include_router(router, prefix='/y')\n";
    let table = of(&[("a.py", a), ("b.py", b)], "router");
    assert!(!table.is_whole());
}

#[test]
fn a_router_that_the_same_file_includes_is_known_whole() {
    let file = "from fastapi import APIRouter, FastAPI\napi = APIRouter(prefix='/api')\nadmin = FastAPI()\n\n\n@api.get('/health')\ndef health(): ...\n\n\n\
                def build():\n    made = FastAPI()\n    made.include_router(api)\n    made.mount('/admin', admin)\n    return made\n\n\napp = build()\n";
    let table = of(&[("main.py", file)], "app");
    assert_eq!(table.serves("/api/health"), Some(true));
    assert_eq!(table.serves("/api/healthz"), Some(false), "{:?}", table.open);
    assert_eq!(table.serves("/admin/x"), None);
}
