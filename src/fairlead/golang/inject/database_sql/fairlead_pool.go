package sql

import (
	"context"
	"database/sql/driver"
	fairlead "index"
	"sync"
	"sync/atomic"
	"time"
)

//fairlead:needs Conn.dc *driverConn
//fairlead:needs DB.dep map[finalCloser]depSet
//fairlead:needs DB.maxIdleCount int
//fairlead:needs DB.maxIdleTime time.Duration
//fairlead:needs DB.maxLifetime time.Duration
//fairlead:needs DB.maxOpen int
//fairlead:needs DB.mu sync.Mutex
//fairlead:needs dsnConnector.driver driver.Driver
//fairlead:needs dsnConnector.dsn string
//fairlead:needs type dsnConnector

const fairleadPath = "database/sql"

func init() { fairlead.SQLHooked() }

// fairleadDB is what a pool knows of itself. A pool has a twin on each lane whose work goes to a shadow
// database, so that connections of one side are never handed to the other.
type fairleadDB struct {
	pool  *fairlead.SQLPool
	outer *DB // of a twin: whose it is

	lock    sync.Mutex
	twins   map[string]fairleadTwin
	retired map[*DB]*time.Timer // twins that nobody is to use any more, and when they are closed
	twinned atomic.Bool         // whether there are any
	made    int                 // how many there have been
	closed  bool
}

type fairleadTwin struct {
	key  string
	db   *DB
	made int // how many were made before it
}

const (
	fairleadMostTwins = 32
	// Who was given a twin just now may not have begun yet: a closed pool would fail it.
	fairleadRetirement = time.Minute
)

// Register takes note of a driver.
func Register(name string, driver driver.Driver) {
	fairleadRegister(name, driver)
	fairlead.SQLRegistered(name, driver)
}

// Open takes note of where a pool leads.
func Open(driverName, dataSourceName string) (*DB, error) {
	db, err := fairleadOpen(driverName, dataSourceName)
	if err == nil {
		db.fairlead.pool = fairlead.SQLOpened(db.Driver(), dataSourceName)
	}
	return db, err
}

// OpenDB takes note of a pool whose connector alone knows where it leads.
func OpenDB(c driver.Connector) *DB {
	db := fairleadOpenDB(c)
	db.fairlead.pool = fairlead.SQLConnected(fairleadDriver(c), c)
	return db
}

func fairleadDriver(c driver.Connector) (d driver.Driver) {
	defer func() { _ = recover() }() // nobody has asked some connectors before
	return c.Driver()
}

// fairleadFor returns the pool that the work of ctx is to use.
func (db *DB) fairleadFor(ctx context.Context) (*DB, error) {
	if !fairlead.OnFor(fairleadPath) || db.fairlead.outer != nil {
		return db, nil
	}
	aim, err := db.fairlead.pool.Aim(ctx)
	if aim == nil || err != nil {
		if db.fairlead.twinned.Load() && !fairlead.SQLShadows() {
			db.fairleadLeaveTwins()
		}
		return db, err
	}
	return db.fairleadTwin(aim)
}

func (db *DB) fairleadTwin(aim *fairlead.SQLAim) (*DB, error) {
	own := &db.fairlead
	own.lock.Lock()
	defer own.lock.Unlock()
	if own.closed {
		return db, nil // which says so
	}
	if twin, ok := own.twins[aim.Lane]; ok && twin.key == aim.Key {
		return twin.db, nil
	}
	made, err := db.fairleadOpenTwin(aim)
	if err != nil {
		return nil, err
	}
	if own.twins == nil {
		own.twins = map[string]fairleadTwin{}
	}
	leaves, full := aim.Lane, len(own.twins) >= fairleadMostTwins
	if _, replaced := own.twins[aim.Lane]; full && !replaced {
		for lane, twin := range own.twins {
			if oldest, ok := own.twins[leaves]; !ok || twin.made < oldest.made {
				leaves = lane
			}
		}
	}
	own.retire(leaves)
	own.made++
	own.twins[aim.Lane] = fairleadTwin{aim.Key, made, own.made}
	own.twinned.Store(true)
	return made, nil
}

// retire has a lane's twin keep no connections, and close once nobody uses it. The lock is held.
func (own *fairleadDB) retire(lane string) {
	twin, ok := own.twins[lane]
	if !ok {
		return
	}
	delete(own.twins, lane)
	if own.retired == nil {
		own.retired = map[*DB]*time.Timer{}
	}
	own.retired[twin.db] = time.AfterFunc(fairleadRetirement, func() { own.bury(twin.db) })
	go twin.db.fairleadSetMaxIdleConns(-1) // closes those that are idle, which may take a while
}

// bury closes a twin that has neither connections nor statements any more, and else waits on.
func (own *fairleadDB) bury(twin *DB) {
	own.lock.Lock()
	defer own.lock.Unlock()
	timer, waits := own.retired[twin]
	if !waits {
		return
	}
	twin.mu.Lock()
	used := len(twin.dep) > 0 // each connection and each prepared statement is in it
	twin.mu.Unlock()
	if used {
		timer.Reset(fairleadRetirement)
		return
	}
	delete(own.retired, twin)
	go twin.fairleadClose()
}

// fairleadLeaveTwins leaves the twins of lanes that have no shadows any more. What is under way there
// goes on to its end.
func (db *DB) fairleadLeaveTwins() {
	own := &db.fairlead
	own.lock.Lock()
	defer own.lock.Unlock()
	for lane := range own.twins {
		own.retire(lane)
	}
	own.twinned.Store(false)
}

// fairleadOpenTwin returns a pool to the shadow, by the same driver and with the same bounds.
func (db *DB) fairleadOpenTwin(aim *fairlead.SQLAim) (*DB, error) {
	connector, ok := aim.Connector.(driver.Connector)
	if !ok {
		d := db.Driver()
		if of, is := d.(driver.DriverContext); is {
			var err error
			if connector, err = of.OpenConnector(aim.DSN); err != nil {
				return nil, err
			}
		} else {
			connector = dsnConnector{dsn: aim.DSN, driver: d}
		}
	}
	twin := fairleadOpenDB(connector)
	twin.fairlead.pool, twin.fairlead.outer = db.fairlead.pool.Twin(aim), db
	db.mu.Lock()
	idle, open, lifetime, idleTime := db.maxIdleCount, db.maxOpen, db.maxLifetime, db.maxIdleTime
	db.mu.Unlock()
	twin.fairleadSetMaxOpenConns(open)
	if idle != 0 {
		twin.fairleadSetMaxIdleConns(idle)
	}
	twin.fairleadSetConnMaxLifetime(lifetime)
	twin.fairleadSetConnMaxIdleTime(idleTime)
	return twin, nil
}

// fairleadEach calls f with each twin.
func (db *DB) fairleadEach(f func(twin *DB)) {
	own := &db.fairlead
	own.lock.Lock()
	defer own.lock.Unlock()
	for _, twin := range own.twins {
		f(twin.db)
	}
}

// Close closes the twins, too.
func (db *DB) Close() error {
	own := &db.fairlead
	own.lock.Lock()
	twins, retired := own.twins, own.retired
	own.twins, own.retired, own.closed = nil, nil, true
	own.lock.Unlock()
	for _, twin := range twins {
		twin.db.fairleadClose()
	}
	for twin, timer := range retired {
		timer.Stop()
		twin.fairleadClose()
	}
	return db.fairleadClose()
}

// SetMaxIdleConns bounds each twin, too.
func (db *DB) SetMaxIdleConns(n int) {
	db.fairleadSetMaxIdleConns(n)
	db.fairleadEach(func(twin *DB) { twin.fairleadSetMaxIdleConns(n) })
}

// SetMaxOpenConns bounds each twin, too.
func (db *DB) SetMaxOpenConns(n int) {
	db.fairleadSetMaxOpenConns(n)
	db.fairleadEach(func(twin *DB) { twin.fairleadSetMaxOpenConns(n) })
}

// SetConnMaxLifetime bounds each twin, too.
func (db *DB) SetConnMaxLifetime(d time.Duration) {
	db.fairleadSetConnMaxLifetime(d)
	db.fairleadEach(func(twin *DB) { twin.fairleadSetConnMaxLifetime(d) })
}

// SetConnMaxIdleTime bounds each twin, too.
func (db *DB) SetConnMaxIdleTime(d time.Duration) {
	db.fairleadSetConnMaxIdleTime(d)
	db.fairleadEach(func(twin *DB) { twin.fairleadSetConnMaxIdleTime(d) })
}

// PingContext pings the database of the work at hand.
func (db *DB) PingContext(ctx context.Context) error {
	to, err := db.fairleadFor(ctx)
	if err != nil {
		return err
	}
	return to.fairleadPingContext(ctx)
}

// PrepareContext prepares on the side of the work at hand.
func (db *DB) PrepareContext(ctx context.Context, query string) (*Stmt, error) {
	to, err := db.fairleadFor(ctx)
	if err != nil {
		return nil, err
	}
	return to.fairleadPrepareContext(ctx, query)
}

// ExecContext executes on the side of the work at hand.
func (db *DB) ExecContext(ctx context.Context, query string, args ...any) (Result, error) {
	to, err := db.fairleadFor(ctx)
	if err != nil {
		return nil, err
	}
	return to.fairleadExecContext(ctx, query, args...)
}

// QueryContext queries on the side of the work at hand.
func (db *DB) QueryContext(ctx context.Context, query string, args ...any) (*Rows, error) {
	to, err := db.fairleadFor(ctx)
	if err != nil {
		return nil, err
	}
	return to.fairleadQueryContext(ctx, query, args...)
}

// BeginTx begins on the side of the work at hand, on which the transaction stays.
func (db *DB) BeginTx(ctx context.Context, opts *TxOptions) (*Tx, error) {
	to, err := db.fairleadFor(ctx)
	if err != nil {
		return nil, err
	}
	return to.fairleadBeginTx(ctx, opts)
}

// Conn returns a connection of the side of the work at hand, on which it stays.
func (db *DB) Conn(ctx context.Context) (*Conn, error) {
	to, err := db.fairleadFor(ctx)
	if err != nil {
		return nil, err
	}
	conn, err := to.fairleadTake(ctx)
	if err == nil && fairlead.OnFor(fairleadPath) {
		if err := conn.dc.fairlead.Hold(ctx, to.fairlead.pool, false); err != nil {
			conn.Close()
			return nil, err
		}
	}
	return conn, err
}
