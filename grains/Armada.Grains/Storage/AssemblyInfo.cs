using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Armada.Tests.Storage")]
