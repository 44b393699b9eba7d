// This program is what shim.py is for tools that have nothing to do with hooks, which are nearly all:
// it starts in a millisecond. A package that has a hook it leaves to shim.py.
//
// Its file has a line each for what it has to know: the end of the compiler's version, the agent's
// package, the parts of the command that stands before tools, those of shim.py, and the packages that
// have hooks. Beside that file it keeps what tools say of their versions.
package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

type config struct {
	path          string
	suffix, agent string
	chain, python []string
	packages      map[string]bool
}

func main() {
	c, err := read(os.Args[1])
	if err != nil {
		fail(err)
	}
	tool, arguments := os.Args[2], os.Args[3:]
	name, _, _ := strings.Cut(filepath.Base(tool), ".")
	if len(arguments) == 1 && arguments[0] == "-V=full" {
		os.Exit(c.version(tool, name))
	}
	command := c.command(tool, arguments...)
	if name == "compile" {
		switch p := packageOf(arguments); {
		case p == "" || c.packages[p]: // or very many arguments, which are in a file
			command = append(append([]string{}, c.python...), os.Args[2:]...)
		case p == c.agent:
			command = c.command(tool, append([]string{"-dwarf=false"}, arguments...)...)
		}
	}
	path, err := find(command[0])
	if err == nil {
		err = syscall.Exec(path, command, os.Environ())
	}
	fail(err)
}

func read(path string) (config, error) {
	c := config{path: path, packages: map[string]bool{}}
	text, err := os.ReadFile(path)
	for _, line := range strings.Split(string(text), "\n") {
		key, value, _ := strings.Cut(line, " ")
		switch key {
		case "suffix":
			c.suffix = value
		case "agent":
			c.agent = value
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

// command is how a tool is run.
func (c *config) command(tool string, arguments ...string) []string {
	return append(append(append([]string{}, c.chain...), tool), arguments...)
}

// find returns the program of a name, which the C compiler's may be.
func find(name string) (string, error) {
	if strings.ContainsRune(name, filepath.Separator) {
		return name, nil
	}
	for _, folder := range filepath.SplitList(os.Getenv("PATH")) {
		path := filepath.Join(folder, name)
		if stat, err := os.Stat(path); err == nil && stat.Mode().IsRegular() && stat.Mode()&0o111 != 0 {
			return path, nil
		}
	}
	return "", errors.New(name + ": not found on PATH")
}

// packageOf returns the package that is to be compiled, "" where that is not among the arguments.
func packageOf(arguments []string) string {
	for i, one := range arguments {
		if one == "-p" && i+1 < len(arguments) {
			return arguments[i+1]
		}
		if strings.HasPrefix(one, "-p=") {
			return one[3:]
		}
	}
	return ""
}

// version says a tool's version, and for a compiler ours behind it.
func (c *config) version(tool, name string) int {
	kept := c.kept(tool, name)
	line := ""
	if text, err := os.ReadFile(kept); err == nil && kept != "" {
		of, said, _ := strings.Cut(string(text), "\n")
		if of == tool {
			line = said
		}
	}
	if line == "" {
		said, status := c.output(c.command(tool, "-V=full"))
		line = strings.TrimSpace(said)
		if status != 0 || line == "" {
			os.Stdout.WriteString(said)
			return status
		}
		if kept != "" {
			keep(kept, tool+"\n"+line)
		}
	}
	if name == "compile" {
		line += c.suffix
	}
	os.Stdout.WriteString(line + "\n")
	return 0
}

// kept is the file of what a tool says, whose name tells one tool from another; "" where more than the
// tool counts.
func (c *config) kept(tool, name string) string {
	stat, err := os.Stat(tool)
	if err != nil || len(c.chain) > 0 || os.Getenv("GOEXPERIMENT") != "" {
		return ""
	}
	size, changed := strconv.FormatInt(stat.Size(), 36), strconv.FormatInt(stat.ModTime().UnixNano(), 36)
	return c.path + "." + name + "-" + size + "-" + changed
}

// keep writes a file at once; where that cannot be, the tool is asked again.
func keep(path, text string) {
	file, err := os.CreateTemp(filepath.Dir(path), "said-")
	if err != nil {
		return
	}
	_, err = file.WriteString(text)
	if closed := file.Close(); err == nil && closed == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		os.Remove(file.Name())
	}
}

func (c *config) output(command []string) (string, int) {
	path, err := find(command[0])
	if err != nil {
		fail(err)
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		fail(err)
	}
	process, err := os.StartProcess(path, command, &os.ProcAttr{Files: []*os.File{nil, writer, os.Stderr}})
	if err != nil {
		fail(err)
	}
	writer.Close()
	said, _ := io.ReadAll(reader)
	state, err := process.Wait()
	if err != nil {
		fail(err)
	}
	return string(said), state.ExitCode()
}

func fail(err error) {
	os.Stderr.WriteString("fairlead: " + err.Error() + "\n")
	os.Exit(1)
}
