"""Where users write down what they need: files, headers, the notebook itself. Each is read into an EnvironmentSpec."""
