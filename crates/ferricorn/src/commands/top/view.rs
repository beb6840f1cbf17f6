//! How `top` looks: the state becomes a screen, or plain text.
//!
//! Owns: layout, colours, words. Does not own: the figures (`state`).

use std::fmt::Write as _;

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Modifier, Style},
    text::{Line, Span},
    widgets::{Block, Clear, Paragraph, Row as TableRow, Sparkline, Table, TableState},
};

use super::{
    columns::{Column, number, span, time},
    state::{Mode, Question, Row, State},
};

const KEYS: &str =
    "? help  / filter  < > sort  I invert  enter details  p pause  + - workers  r reload  q quit";

/// Draws everything.
pub(super) fn draw(frame: &mut Frame<'_>, state: &State, colors: bool) {
    let [head, rates, table, foot] = Layout::vertical([
        Constraint::Length(3),
        Constraint::Length(2),
        Constraint::Min(3),
        Constraint::Length(1),
    ])
    .areas(frame.area());
    frame.render_widget(
        Paragraph::new(head_lines(state).into_iter().map(Line::from).collect::<Vec<_>>()),
        head,
    );
    draw_rates(frame, state, rates, colors);
    draw_table(frame, state, table, colors);
    frame.render_widget(Paragraph::new(foot_line(state)), foot);
    match &state.mode {
        Mode::Help => draw_over(frame, " Columns ", &help_lines()),
        Mode::Details(pid) => draw_over(frame, " Worker ", &details_lines(state, *pid)),
        Mode::Table | Mode::Filter | Mode::Question(_) => {}
    }
}

/// The same as plain text, once: what is for a pipe.
pub(super) fn plain(state: &State) -> String {
    let mut text = head_lines(state).join("\n");
    text.push_str("\n\n");
    let columns = Column::ALL;
    let line = |values: Vec<String>| {
        let mut line = String::new();
        for (column, value) in columns.iter().zip(values) {
            let width = usize::from(column.title().1);
            let _ = if is_text(*column) {
                write!(line, "{value:<width$} ")
            } else {
                write!(line, "{value:>width$} ")
            };
        }
        line.trim_end().to_owned() + "\n"
    };
    text.push_str(&line(columns.iter().map(|column| column.title().0.to_owned()).collect()));
    for row in state.rows() {
        text.push_str(&line(columns.iter().map(|column| column.text(&row)).collect()));
    }
    text
}

fn is_text(column: Column) -> bool {
    column == Column::State
}

fn head_lines(state: &State) -> Vec<String> {
    let Some(service) = state.latest() else { return vec!["waiting for the master ...".to_owned()] };
    let head = state.head();
    let mut first = format!(
        "{}  ferricorn {}  pid {}  up {}  generation {}",
        service.name,
        service.version,
        service.pid,
        span(service.at - service.started_at),
        service.generation,
    );
    let facts = [
        (service.reloading, "reloading"),
        (service.upgrading, "upgrading"),
        (service.frozen, "recycling frozen"),
        (service.stopping, "stopping"),
        (state.paused, "paused"),
    ];
    for (_, words) in facts.iter().filter(|(holds, _)| *holds) {
        let _ = write!(first, "  [{words}]");
    }
    let known = |seconds: Option<f64>| seconds.map_or_else(|| "-".to_owned(), time);
    let second = if service.traffic.counted {
        format!(
            "{} req/s  errors {}%  p50 {}  p99 {}  in flight {}",
            number(head.rate),
            number(head.errors),
            known(head.p50),
            known(head.p99),
            head.in_flight,
        )
    } else {
        format!("requests are not counted (--no-request-counts)  in flight {}", head.in_flight)
    };
    let mut third = format!(
        "workers {} of {}  queue {} (peak {})  websockets {}",
        head.serving, service.target, head.waiting, head.peak, service.traffic.websockets,
    );
    if let Some(why) = &service.not_ready {
        let _ = write!(third, "  NOT READY: {why}");
    }
    vec![first, second, third]
}

fn draw_rates(frame: &mut Frame<'_>, state: &State, area: Rect, colors: bool) {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "rates are not negative and small"
    )]
    let points: Vec<u64> = state.rates().map(|rate| (rate * 10.0).round() as u64).collect();
    let style = if colors { Style::default().fg(Color::Cyan) } else { Style::default() };
    frame.render_widget(Sparkline::default().data(&points).style(style), area);
}

fn draw_table(frame: &mut Frame<'_>, state: &State, area: Rect, colors: bool) {
    let columns = Column::fitting(area.width);
    let title = |column: &Column| {
        let (title, width) = column.title();
        let chosen = *column == state.sort;
        let style = if chosen { Style::default().add_modifier(Modifier::REVERSED) } else { Style::default() };
        Line::from(Span::styled(aligned(*column, title, width), style))
    };
    let header = TableRow::new(columns.iter().map(title).collect::<Vec<_>>())
        .style(Style::default().add_modifier(Modifier::BOLD));
    let rows = state.rows();
    let shown = rows.iter().map(|row| {
        let cells = columns.iter().map(|column| aligned(*column, &column.text(row), column.title().1));
        TableRow::new(cells.collect::<Vec<_>>()).style(style_of(row, colors))
    });
    let widths: Vec<_> = columns.iter().map(|column| Constraint::Length(column.title().1)).collect();
    let table = Table::new(shown.collect::<Vec<_>>(), widths)
        .header(header)
        .column_spacing(1)
        .row_highlight_style(Style::default().add_modifier(Modifier::REVERSED));
    let mut chosen = TableState::default();
    chosen.select((!rows.is_empty()).then_some(state.chosen));
    frame.render_stateful_widget(table, area, &mut chosen);
}

fn aligned(column: Column, text: &str, width: u16) -> String {
    let width = usize::from(width);
    if is_text(column) { format!("{text:<width$}") } else { format!("{text:>width$}") }
}

fn style_of(row: &Row, colors: bool) -> Style {
    let color = match row.worker.state.as_str() {
        "silent" => Color::Red,
        "booting" => Color::Yellow,
        "draining" => Color::Blue,
        _ if row.errors >= 1.0 => Color::Red,
        _ => return Style::default(),
    };
    if colors { Style::default().fg(color) } else { Style::default() }
}

fn foot_line(state: &State) -> String {
    match &state.mode {
        Mode::Question(Question::Scale(workers)) => format!("Run {workers} workers? y/n"),
        Mode::Question(Question::Reload) => "Replace every worker? y/n".to_owned(),
        Mode::Filter => format!("filter: {}_", state.filter),
        _ => match (&state.message, state.filter.as_str()) {
            (Some(message), _) => message.clone(),
            (None, "") => KEYS.to_owned(),
            (None, filter) => format!("filter: {filter} (escape takes it away)"),
        },
    }
}

fn help_lines() -> Vec<String> {
    let column = |column: &Column| format!("{:<7}{}", column.title().0, column.meaning());
    let mut lines: Vec<String> = Column::ALL.iter().map(column).collect();
    lines.push(String::new());
    lines.extend(KEYS.split("  ").collect::<Vec<_>>().chunks(4).map(|keys| keys.join("   ")));
    lines
}

fn details_lines(state: &State, pid: i32) -> Vec<String> {
    let Some(service) = state.latest() else { return Vec::new() };
    let mut lines = Vec::new();
    match service.workers.iter().find(|worker| worker.pid == pid) {
        None => lines.push(format!("the worker with pid {pid} has ended")),
        Some(worker) => {
            lines.push(format!(
                "slot {}  pid {}  generation {}  {}  {} requests",
                worker.slot,
                worker.pid,
                worker.generation,
                worker.stage,
                worker.traffic.requests(),
            ));
            let codes = worker.traffic.codes.iter().map(|(code, count)| format!("{code}: {count}"));
            lines.push(format!("codes: {}", codes.collect::<Vec<_>>().join("  ")));
            lines.push(format!("requests in flight: {}", worker.in_flight));
            lines.extend(worker.requests.iter().map(|request| {
                let age = request.age.map_or_else(|| "new".to_owned(), time);
                format!("  {age:>6}  {}", request.name)
            }));
        }
    }
    if !service.deaths.is_empty() {
        lines.push(String::new());
        lines.push("last ends of workers:".to_owned());
        lines.extend(service.deaths.iter().take(8).map(|death| {
            format!(
                "  {:>5} ago  slot {}  {}  {}",
                span(service.at - death.at),
                death.slot,
                death.cause,
                death.text
            )
        }));
    }
    lines
}

fn draw_over(frame: &mut Frame<'_>, title: &str, lines: &[String]) {
    let screen = frame.area();
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX).saturating_add(2).min(screen.height);
    let width = screen.width.min(90);
    let area = Rect { x: (screen.width - width) / 2, y: (screen.height - height) / 2, width, height };
    frame.render_widget(Clear, area);
    let text: Vec<Line<'_>> = lines.iter().map(|line| Line::from(line.as_str())).collect();
    frame.render_widget(Paragraph::new(text).block(Block::bordered().title(title)), area);
}

#[cfg(test)]
mod tests {
    use ratatui::{Terminal, backend::TestBackend};

    use super::{
        super::state::{Key, tests::observed},
        *,
    };

    fn state() -> State {
        let mut state = State::default();
        state.observe(observed(1000.0, &[100, 200]));
        state.observe(observed(1002.0, &[150, 240]));
        state
    }

    fn screen(state: &State, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("a screen in memory");
        terminal.draw(|frame| draw(frame, state, true)).expect("drawn");
        terminal.backend().to_string()
    }

    #[test]
    fn eighty_by_twenty_four_shows_what_matters() {
        let text = screen(&state(), 80, 24);
        for part in ["shop:app", "45 req/s", "errors 10%", "SLOT", "1001", "serving", "RSS", "50M", "? help"]
        {
            assert!(text.contains(part), "`{part}` is missing:\n{text}");
        }
    }

    #[test]
    fn any_size_can_be_drawn_with_anything_open() {
        let mut state = state();
        for keys in ["", "?", "\n", "/", "r", "+"] {
            for key in keys.chars() {
                state.press(if key == '\n' { Key::Enter } else { Key::Letter(key) });
            }
            for (width, height) in [(1, 1), (10, 3), (40, 8), (80, 24), (200, 60)] {
                screen(&state, width, height);
            }
            state.press(Key::Escape);
        }
        screen(&State::default(), 80, 24);
    }

    #[test]
    fn a_question_and_the_help_are_to_be_seen() {
        let mut state = state();
        state.press(Key::Letter('r'));
        assert!(screen(&state, 80, 24).contains("Replace every worker? y/n"));
        state.press(Key::Letter('n'));
        state.press(Key::Letter('?'));
        assert!(screen(&state, 80, 24).contains("what a leak makes grow"));
    }

    #[test]
    fn plain_text_has_every_column_and_no_escapes() {
        let text = plain(&state());
        assert!(Column::ALL.iter().all(|column| text.contains(column.title().0)));
        assert!(!text.contains('\x1b') && text.lines().count() == 7, "{text}");
    }
}
