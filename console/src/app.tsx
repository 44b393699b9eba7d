import { Center, Loader } from '@mantine/core';
import { lazy, Suspense, useEffect } from 'react';
import { Redirect, Route, Router, Switch, useParams } from 'wouter';
import { LiveProvider } from './api/live';
import { useSession } from './api/session';
import { Overview } from './pages/overview';
import { Fault, Problem } from './parts/states';
import { Shell } from './parts/shell';
import { SignIn } from './parts/sign-in';
import { namespaceOf, segmentOf } from './where';

const Services = lazy(() => import('./pages/services'));
const Service = lazy(() => import('./pages/service'));
const Topology = lazy(() => import('./pages/topology'));
const Lanes = lazy(() => import('./pages/lanes'));
const Rules = lazy(() => import('./pages/rules'));
const Rule = lazy(() => import('./pages/rule'));
const Explain = lazy(() => import('./pages/explain'));
const Settings = lazy(() => import('./pages/settings'));

const LAST = 'fairlead.namespace';

/** The namespace that was looked at last: a preference, and no secret. */
function remembered(): string {
  try {
    return localStorage.getItem(LAST) ?? 'default';
  } catch {
    return 'default';
  }
}

export function App() {
  const session = useSession();
  if (session.state === 'asking') return <Waiting />;
  if (session.state === 'out') return <SignIn />;
  if (session.state === 'away') {
    return (
      <Center mih="100vh" p="md">
        <Problem title="The control plane does not answer" retry={session.retry}>
          It may be restarting. Check that <code>fairlead serve</code> runs and that this page was opened under its
          address.
        </Problem>
      </Center>
    );
  }
  const own = session.grants.find((grant) => grant.namespace !== '*')?.namespace;
  const home = session.state === 'open' || session.may('view', remembered()) ? remembered() : (own ?? 'default');
  return (
    <Router base="/console">
      <Switch>
        <Route path="/:namespace/:page/*?">
          <Namespace />
        </Route>
        <Route>
          <Redirect to={`/${segmentOf(namespaceOf(home))}/overview`} replace />
        </Route>
      </Switch>
    </Router>
  );
}

function Namespace() {
  const { namespace: segment } = useParams<{ namespace: string }>();
  useEffect(() => {
    try {
      localStorage.setItem(LAST, segment);
    } catch {
      // A browser that keeps nothing begins with the default namespace.
    }
  }, [segment]);
  return (
    <LiveProvider namespace={namespaceOf(segment)}>
      <Shell>
        <Fault key={location.pathname}>
          <Suspense fallback={<Waiting />}>
            <Switch>
              <Route path="/:namespace/overview" component={Overview} />
              <Route path="/:namespace/services" component={Services} />
              <Route path="/:namespace/services/:app" component={Service} />
              <Route path="/:namespace/topology" component={Topology} />
              <Route path="/:namespace/lanes" component={Lanes} />
              <Route path="/:namespace/lanes/:lane" component={Lanes} />
              <Route path="/:namespace/rules" component={Rules} />
              <Route path="/:namespace/rules/:plural/:name" component={Rule} />
              <Route path="/:namespace/explain" component={Explain} />
              <Route path="/:namespace/settings" component={Settings} />
              <Route>
                <Problem title="There is no such page">
                  Choose one from the list beside it, or press / to search.
                </Problem>
              </Route>
            </Switch>
          </Suspense>
        </Fault>
      </Shell>
    </LiveProvider>
  );
}

function Waiting() {
  return (
    <Center mih={240}>
      <Loader aria-label="Loading" />
    </Center>
  );
}
