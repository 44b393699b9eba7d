// This program is what shim.py is for tools that have nothing to do with hooks, which are nearly all:
// it starts in a millisecond. A package that has a hook it leaves to shim.py.
//
// Its file has a line each for what it has to know: the end of the compiler's version, the parts of
// the command that stands before tools, those of shim.py, and the packages that have hooks.
package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

type config struct {
	suffix        string
	chain, python []string
	packages      map[string]bool
}

func main() {
	c, err := read(os.Args[1])
	if err != nil {
		fail(err)
	}
	tool, arguments := os.Args[2], os.Args[3:]
	command := append(append([]string{}, c.chain...), os.Args[2:]...)
	if name, _, _ := strings.Cut(filepath.Base(tool), "."); name == "compile" {
		if len(arguments) == 1 && arguments[0] == "-V=full" {
			os.Exit(c.version(command))
		}
		if c.hooked(arguments) {
			command = append(append([]string{}, c.python...), os.Args[2:]...)
		}
	}
	fail(syscall.Exec(command[0], command, os.Environ()))
}

func read(path string) (config, error) {
	c := config{packages: map[string]bool{}}
	text, err := os.ReadFile(path)
	for _, line := range strings.Split(string(text), "\n") {
		key, value, _ := strings.Cut(line, " ")
		switch key {
		case "suffix":
			c.suffix = value
		case "chain":
			c.chain = append(c.chain, value)
		case "python":
			c.python = append(c.python, value)
		case "package":
			c.packages[value] = true
		}
	}
	return c, err
}

// hooked tells whether a package that is to be compiled has a hook, or may have.
func (c *config) hooked(arguments []string) bool {
	for i, one := range arguments {
		if one == "-p" && i+1 < len(arguments) {
			return c.packages[arguments[i+1]]
		}
		if strings.HasPrefix(one, "-p=") {
			return c.packages[one[3:]]
		}
	}
	return len(arguments) == 1 && strings.HasPrefix(arguments[0], "@")
}

// version says the compiler's version, and ours behind it.
func (c *config) version(command []string) int {
	reader, writer, err := os.Pipe()
	if err != nil {
		fail(err)
	}
	process, err := os.StartProcess(command[0], command, &os.ProcAttr{Files: []*os.File{nil, writer, os.Stderr}})
	if err != nil {
		fail(err)
	}
	writer.Close()
	said, _ := io.ReadAll(reader)
	state, err := process.Wait()
	if err != nil {
		fail(err)
	}
	if line := strings.TrimSpace(string(said)); line != "" {
		os.Stdout.WriteString(line + c.suffix + "\n")
	}
	return state.ExitCode()
}

func fail(err error) {
	os.Stderr.WriteString("fairlead: " + err.Error() + "\n")
	os.Exit(1)
}
