#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn manifests_are_read() {
    let source = Source::of_text(
        "k8s.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api, annotations: {a: b}}\nspec:\n  replicas: 2\n  template:\n    metadata: {labels: {app: api, x: y}}\n    spec:\n\
         \x20     terminationGracePeriodSeconds: 45\n      securityContext: {runAsNonRoot: true}\n      containers:\n        - name: api\n          image: api:1\n          command: [\"uvicorn\", \"a:b\", \"--port\", \"$(PORT)\"]\n\
         \x20         env:\n            - {name: PORT, value: \"8080\"}\n            - {name: SECRET, valueFrom: {secretKeyRef: {name: s, key: k}}}\n          ports: [{name: http, containerPort: 8080}]\n\
         \x20         readinessProbe: {httpGet: {path: /health, port: http}, periodSeconds: 5}\n          livenessProbe: {exec: {command: [\"true\"]}}\n          resources: {limits: {memory: 512Mi, cpu: 500m}}\n\
         \x20         lifecycle: {preStop: {exec: {command: [\"/bin/sh\", \"-c\", \"sleep 10\"]}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: api}\nspec:\n  selector: {app: api}\n  ports: [{port: 80, targetPort: http}, {port: 81}]\n\
         ---\napiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: run}\nspec:\n  template:\n    spec:\n      containers: [{image: x}]\n---\nnot: a manifest\n---\n\
         apiVersion: v1\nkind: List\nitems:\n  - {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, args: []}]}}\n",
    );
    let manifests = read(&source);
    assert_eq!(
        manifests.workloads.iter().map(|one| one.kind.as_str()).collect::<Vec<_>>(),
        ["Deployment", "KnativeService", "Pod"]
    );
    let api = &manifests.workloads[0];
    assert_eq!(
        (api.replicas.unwrap().0, api.grace_period.unwrap().0, api.run_as_non_root.unwrap().0),
        (2, 45, true)
    );
    let container = &api.containers[0];
    assert_eq!(source.slice(container.command.as_ref().unwrap()[3].whole()), "$(PORT)");
    assert_eq!(
        container.env.iter().map(|one| one.value.as_ref().map(Excerpt::text)).collect::<Vec<_>>(),
        [Some("8080"), None]
    );
    let readiness = container.probes.iter().find(|probe| probe.kind == ProbeKind::Readiness).unwrap();
    assert_eq!(
        (readiness.path.as_ref().unwrap().text(), readiness.port.as_ref().unwrap().text(), readiness.period),
        ("/health", "http", 5)
    );
    assert_eq!(container.pre_stop.as_ref().unwrap().sleeps, Some(10.0));
    assert_eq!((container.memory.unwrap().0, container.processors.unwrap().0), (512.0, 0.5));
    let service = &manifests.services[0];
    assert!(service.selects(api) && !service.selects(&manifests.workloads[2]));
    assert_eq!(service.ports.iter().map(|(_, target)| target.text()).collect::<Vec<_>>(), ["http", "81"]);
    assert!(manifests.workloads[2].containers[0].args.as_ref().unwrap().is_empty());
    assert!(manifests.workloads[2].containers[0].command.is_none());
}
