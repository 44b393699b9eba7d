// Command informer is a stock client-go informer that prints what its handlers are told.
package main

import (
	"context"
	"encoding/json"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// The form of `kubectl get -w -o json --output-watch-events`.
type event struct {
	Type   string         `json:"type"`
	Object map[string]any `json:"object"`
}

func main() {
	client := dynamic.NewForConfigOrDie(&rest.Config{Host: os.Args[1]})
	rules := schema.GroupVersionResource{
		Group: "traffic.opensergo.io", Version: "v1alpha1", Resource: "trafficlabelrules",
	}
	informer := dynamicinformer.NewFilteredDynamicInformer(
		client, rules, os.Args[2], 0, cache.Indexers{}, nil,
	).Informer()
	out := json.NewEncoder(os.Stdout)
	tell := func(kind string, found any) {
		if last, ok := found.(cache.DeletedFinalStateUnknown); ok {
			// Only a list says that it is gone: its deletion was missed.
			kind, found = "MISSED", last.Obj
		}
		if err := out.Encode(event{kind, found.(*unstructured.Unstructured).Object}); err != nil {
			os.Exit(1)
		}
	}
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(found any) { tell("ADDED", found) },
		UpdateFunc: func(_, found any) { tell("MODIFIED", found) },
		DeleteFunc: func(found any) { tell("DELETED", found) },
	})
	if err != nil {
		panic(err)
	}
	stop, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	informer.Run(stop.Done())
}
