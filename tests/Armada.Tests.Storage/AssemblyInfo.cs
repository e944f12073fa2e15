using System.Runtime.Versioning;

// As everything that starts processes in its own group.
[assembly: UnsupportedOSPlatform("windows")]
