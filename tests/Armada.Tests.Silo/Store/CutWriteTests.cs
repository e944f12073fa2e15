using Armada.Silo.Store;

namespace Armada.Tests.Silo.Store;

/// <summary>A power cut at any step of a write: the entity is the old one or the new one, and nothing else is left.</summary>
public sealed class CutWriteTests : IDisposable
{
    private readonly Shelf shelf = new();

    public static TheoryData<string, int> Cuts
    {
        get
        {
            var all = new TheoryData<string, int>();
            foreach (var kind in Shelf.Kinds.Append("fleet"))
            {
                for (var step = -2; step < Enum.GetValues<WriteStep>().Length; step++)
                    all.Add(kind, step);
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task A_write_that_ends_at_any_step_leaves_the_old_entity_or_the_new_one(string kind, int step)
    {
        var (path, before, after, old) = await PrepareAsync(kind);

        Cut(path, after, step);

        var found = Assert.Single((await shelf.LoadAsync())[kind]);
        Assert.Equal(step < (int)WriteStep.Renamed, found == old);
        Assert.Equal(step < (int)WriteStep.Renamed ? before : after, await File.ReadAllBytesAsync(path));
        Assert.Empty(shelf.Temporary);
        Assert.Empty(shelf.Aside);
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task The_first_write_of_an_entity_that_ends_at_any_step_leaves_none_or_the_new_one(string kind, int step)
    {
        var (path, _, after, old) = await PrepareAsync(kind);
        File.Delete(path);

        Cut(path, after, step);

        var found = (await shelf.LoadAsync())[kind].ToList();
        if (step >= (int)WriteStep.Renamed)
            Assert.NotEqual(old, Assert.Single(found));
        else if (kind != "fleet")
            Assert.Empty(found);
        Assert.Equal(step >= (int)WriteStep.Renamed, File.Exists(path));
        Assert.Empty(shelf.Temporary);
        Assert.Empty(shelf.Aside);
    }

    [Fact]
    public async Task The_write_after_a_cut_one_goes_through()
    {
        var (path, _, after, old) = await PrepareAsync("robots");
        Cut(path, after, (int)WriteStep.Written);

        DurableFile.Write(path, after);

        Assert.NotEqual(old, Assert.Single((await shelf.LoadAsync())["robots"]));
    }

    public void Dispose() => shelf.Dispose();

    private async Task<(string Path, byte[] Before, byte[] After, string Old)> PrepareAsync(string kind)
    {
        await shelf.FillAsync("a");
        var path = kind == "fleet" ? Path.Combine(shelf.Path, "fleet.json") : shelf.FileOf(kind);
        var before = await File.ReadAllTextAsync(path);
        var (part, other) = kind switch
        {
            "robots" => ("\"version\": 7", "\"version\": 8"),
            "sequences" => ("\"version\": 1", "\"version\": 2"),
            "keys" => ("\"role\": \"Admin\"", "\"role\": \"Viewer\""),
            _ => ("false", "true"),
        };
        Assert.Contains(part, before, StringComparison.Ordinal);
        var old = Assert.Single((await shelf.LoadAsync())[kind]);
        return (path, await File.ReadAllBytesAsync(path), Bytes(before.Replace(part, other, StringComparison.Ordinal)), old);
    }

    // -2 is before the first step, -1 amid it; where a file is not flushed yet, the disk may have any part of it.
    private static void Cut(string path, byte[] content, int step)
    {
        if (step == -1)
            _ = DurableFile.Steps(path, content.AsMemory(0, content.Length / 2)).First();
        else if (step >= 0)
            _ = DurableFile.Steps(path, content).First(done => (int)done == step);
    }

    private static byte[] Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
