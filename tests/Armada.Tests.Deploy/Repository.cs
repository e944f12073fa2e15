using System.Runtime.CompilerServices;

namespace Armada.Tests.Deploy;

internal static class Repository
{
    public static string Root { get; } = Find();

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static string Find([CallerFilePath] string here = "") => new FileInfo(here).Directory!.Parent!.Parent!.FullName;
}
